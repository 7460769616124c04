"""Words of a few bases that occur more than once in a molecule, on either strand: what repeats are made of.

Every word is named by the smaller of itself and its reverse complement, and equal names are found by sorting.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.compute_dna.batch import Array, Batch, kmers, windows_all

#: Odd multipliers that spread words and molecules over 64 bits (Knuth, TAOCP 3, 6.4: the golden ratio; its square).
_SPREAD_WORD, _SPREAD_OWNER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class Words(NamedTuple):
    """Words that occur more than once in a molecule, sorted by molecule, name and place."""

    owner: Array
    name: Array
    #: 0-based first base in the molecule.
    place: Array
    #: Whether the name is its reverse complement.
    reverse: Array


def repeated_words(batch: Batch, k: int) -> Words:
    """The words of `k` bases, 32 at most; an ambiguity code is part of none."""
    known = windows_all(batch.known, k)
    position = np.flatnonzero(known & batch.inside[: len(known)])
    given, other = kmers(batch.symbols, k), kmers(batch.symbols, k, complement=True)
    name = np.minimum(given, other)[position]
    some = _maybe_repeated(batch, name.astype(np.uint64), position)
    position, name = position[some], name[some]
    owner, place = batch.locate(position)
    order = np.lexsort((place, name, owner))
    position, name, owner, place = position[order], name[order], owner[order], place[order]
    same = (owner[1:] == owner[:-1]) & (name[1:] == name[:-1])
    repeated = _either_side(same, len(name))
    position, name, owner, place = position[repeated], name[repeated], owner[repeated], place[repeated]
    return Words(owner, name, place, given[position] != name)


def _maybe_repeated(batch: Batch, name: Array, position: Array) -> Array:
    """Indices of the words that share their hash with another; one sort of hashes with the indices in the low bits."""
    bits = np.uint64(max(len(name).bit_length(), 1))
    low = (np.uint64(1) << bits) - np.uint64(1)
    spread = name * _SPREAD_WORD + batch.owner[position].astype(np.uint64) * _SPREAD_OWNER
    spread ^= spread >> np.uint64(32)
    spread *= _SPREAD_WORD
    hashes = (spread & ~low) | np.arange(len(name), dtype=np.uint64)
    hashes.sort()
    same = (hashes[1:] ^ hashes[:-1]) <= low
    return (hashes[_either_side(same, len(name))] & low).astype(np.intp)


def _either_side(same: Array, size: int) -> Array:
    """Of `size` rows, those that are the same as the row before or after."""
    beside = np.zeros(size, dtype=bool)
    beside[:-1] = same
    beside[1:] |= same
    return beside
