"""Many molecules as one array of bases.

Each molecule is followed by a *margin* of `margin` symbols: a circular one is continued from its origin, a linear one
ends in separators. So a window of up to `margin` + 1 bases can be read at every base of every molecule by plain
slicing, and whatever runs off a linear end meets a separator.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from services.compute_dna.schema import Item

type Array = npt.NDArray[Any]

#: The symbol of a letter is its place in this string: a base is its 2-bit code and 3 - code is its complement.
LETTERS = "ACGTRYSWKMBDHVN"
SEPARATOR = 15
#: Which bases each letter may stand for (IUPAC-IUB 1984).
MEANINGS = ("A", "C", "G", "T", "AG", "CT", "CG", "AT", "GT", "AC", "CGT", "AGT", "ACT", "ACG", "ACGT")

_TO_SYMBOLS = bytes.maketrans((LETTERS + "-").encode(), bytes(range(16)))
_TO_LETTERS = (LETTERS + "-").encode().ljust(256)
_COMPLEMENT = str.maketrans(LETTERS, "TGCAYRSWMKVHDBN")


@dataclasses.dataclass(frozen=True)
class Batch:
    """Arrays over the molecules (`starts`, `lengths`, `circular`) and over all symbols (the rest)."""

    symbols: Array
    #: Where each molecule begins in `symbols`.
    starts: Array
    lengths: Array
    circular: Array
    margin: int

    def __len__(self) -> int:
        return len(self.starts)

    @functools.cached_property
    def owner(self) -> Array:
        """The molecule each symbol belongs to, its margin included."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths + self.margin)

    @functools.cached_property
    def inside(self) -> Array:
        """True on the molecules, False on the margins."""
        inside = np.ones(len(self.symbols), dtype=bool)
        margins = (self.starts + self.lengths)[:, None] + np.arange(self.margin)
        inside[margins.ravel()] = False
        return inside

    @functools.cached_property
    def known(self) -> Array:
        """True where the base is certain."""
        return self.symbols < 4

    def locate(self, positions: Array) -> tuple[Array, Array]:
        """The molecule of each position and the 0-based place in it."""
        owner = self.owner[positions]
        return owner, positions - self.starts[owner]

    def text(self, molecule: int, place: int, bases: int) -> str:
        """The letters from 0-based `place` on; no more than the margin may lie beyond the end."""
        begin = int(self.starts[molecule]) + place
        return self.symbols[begin : begin + bases].tobytes().translate(_TO_LETTERS).decode()


def batch_of(items: Sequence[Item], margin: int) -> Batch:
    """Lay the sequences end to end, each with its margin."""
    linear_margin = "-" * margin
    pieces = []
    for item in items:
        sequence = item.sequence
        pieces.append(sequence)
        pieces.append(_continued(sequence, margin) if item.topology == "circular" else linear_margin)
    symbols = np.frombuffer("".join(pieces).encode().translate(_TO_SYMBOLS), dtype=np.uint8)
    lengths = np.array([len(item.sequence) for item in items], dtype=np.int64)
    starts = np.cumsum(lengths + margin) - lengths - margin
    circular = np.array([item.topology == "circular" for item in items])
    return Batch(symbols, starts, lengths, circular, margin)


def _continued(sequence: str, margin: int) -> str:
    return (sequence * (margin // len(sequence) + 1))[:margin]


def leads(*columns: Array) -> Array:
    """Of rows in these columns: True on the first, and on each that is not as the row before."""
    first = np.ones(len(columns[0]), dtype=bool)
    first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return first


def leading_rows(owner: Array, molecules: int, limit: int) -> tuple[list[int], Array]:
    """Of rows sorted by molecule: how many each molecule has, and the indices of the first `limit` of each."""
    bounds = np.searchsorted(owner, np.arange(molecules + 1))
    totals: list[int] = np.diff(bounds).tolist()
    return totals, np.flatnonzero(np.arange(len(owner)) - bounds[owner] < limit)


def reverse_complement(sequence: str) -> str:
    return sequence.translate(_COMPLEMENT)[::-1]


def windows_all(mask: Array, width: int) -> Array:
    """True where `mask` holds for `width` places from here on; the last `width` - 1 are left off."""
    if width == 1:
        return mask
    half = windows_all(mask, width // 2)
    both = half[: len(half) - width // 2] & half[width // 2 :]
    return both[:-1] & mask[width - 1 :] if width % 2 else both


def kmers(bases: Array, k: int, *, complement: bool = False) -> Array:
    """2-bit codes of the k-mers from each place on (k <= 32), or of their reverse complements; of known bases only."""
    if k == 1:
        return (3 - bases if complement else bases) & np.uint8(3)
    size = k // 2
    left, right = (part.astype(_code_type(k)) for part in _halves(kmers(bases, size, complement=complement), size))
    pair = (right << 2 * size) | left if complement else (left << 2 * size) | right
    if k % 2 == 0:
        return pair
    last = kmers(bases, 1, complement=complement)[k - 1 :].astype(pair.dtype)
    return (last << 2 * (k - 1)) | pair[:-1] if complement else (pair[:-1] << 2) | last


def _halves(codes: Array, size: int) -> tuple[Array, Array]:
    return codes[: len(codes) - size], codes[size:]


def _code_type(k: int) -> type[np.unsignedinteger[Any]]:
    if k <= 4:
        return np.uint8
    if k <= 8:
        return np.uint16
    return np.uint32 if k <= 16 else np.uint64
