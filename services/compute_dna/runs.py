"""Homopolymers and tandem repeats: stretches in which every base equals the one `period` bases before it.

Short periods are looked for one by one. Tracts of longer ones are told by words that overlap their own copy: where a
tract of smallest period p goes on for p + k bases, each word of k bases (k > p) is met again p bases on, not sooner.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.compute_dna.batch import Array, Batch, leads, windows_all
from services.compute_dna.schema import LISTED, Homopolymer, Homopolymers, Options, TandemRepeat, TandemRepeats
from services.compute_dna.words import Words

#: The periods of which a tract has at least so many bases and so many copies of its unit.
_SHORT = range(2, 11)
_BASES, _COPIES = 12, 3
#: Bases that must be seen to tell a tract of the longest of them.
LONGEST_SEED = _COPIES * _SHORT[-1]


class _Tracts(NamedTuple):
    """The molecule, the 0-based first base, the bases, and the period of each tract."""

    owner: Array
    start: Array
    length: Array
    period: Array


def find_homopolymers(batch: Batch, options: Options) -> list[Homopolymers]:
    tracts = _periodic(batch, 1, options.homopolymer_minimum)
    longest = _longest_runs(batch, options.homopolymer_minimum).tolist()
    rows = [Homopolymers(total=0, longest=run, listed=[]) for run in longest]
    for at, start, length, _ in _longest_first(tracts):
        row = rows[at]
        row["total"] += 1
        row["longest"] = max(row["longest"], length)
        if len(row["listed"]) < LISTED:
            base = batch.text(at, start, 1)
            row["listed"].append(Homopolymer(base=base, start=start + 1, length=length))
    return rows


def _longest_runs(batch: Batch, limit: int) -> Array:
    """The longest run of one known base in each molecule, in bases, but no more than `limit`."""
    equal = batch.symbols[:-1] == batch.symbols[1:]
    begins = batch.known & batch.inside
    lengths = begins.astype(np.uint8)
    for width in range(2, limit + 1):
        begins = begins[:-1] & equal[width - 2 :]
        lengths[: len(begins)] += begins
    longest: Array = np.minimum(np.maximum.reduceat(lengths, batch.starts), batch.lengths)
    return longest


def find_tandem_repeats(batch: Batch, words: Words, options: Options) -> list[TandemRepeats]:
    """Tracts of the smallest period they have: of 2 to 10 bases, or longer but shorter than the repeated `words`."""
    k = options.repeat_minimum
    every = [_periodic(batch, period, min(max(_BASES, _COPIES * period), period + k)) for period in _SHORT]
    if len(words.owner):
        every.append(_of_words(batch, words, k))
    tracts = _Tracts(*(np.concatenate(columns) for columns in zip(*every, strict=True)))
    rows: list[TandemRepeats] = [TandemRepeats(total=0, listed=[]) for _ in range(len(batch))]
    for at, start, length, period in _longest_first(tracts):
        unit = batch.text(at, start, period)
        if unit in (unit + unit)[1:-1]:
            continue
        row = rows[at]
        row["total"] += 1
        if len(row["listed"]) < LISTED:
            row["listed"].append(TandemRepeat(unit=unit, start=start + 1, length=length))
    return rows


def _longest_first(tracts: _Tracts) -> list[tuple[int, int, int, int]]:
    order = np.lexsort((tracts.period, tracts.start, -tracts.length, tracts.owner))
    return list(zip(*(column[order].tolist() for column in tracts), strict=True))


def _periodic(batch: Batch, period: int, minimum: int) -> _Tracts:
    """Maximal tracts of `period` of at least `minimum` bases."""
    seed = minimum - period
    equal = (batch.symbols[:-period] == batch.symbols[period:]) & batch.known[:-period]
    matches = windows_all(equal, seed)
    begins = np.zeros(len(batch.symbols) + 1, dtype=np.int8)
    begins[: len(matches)] = matches & batch.inside[: len(matches)]
    edges = np.diff(begins, prepend=np.int8(0))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    owner, start = batch.locate(first)
    return _tracts(batch, owner, start, last - first + 1, np.full(len(first), period), seed)


def _of_words(batch: Batch, words: Words, k: int) -> _Tracts:
    """Maximal tracts of the longer periods below `k`, of at least period + `k` bases."""
    owner, start, period = _next_copies(batch, words)
    near = np.flatnonzero((period > _SHORT[-1]) & (period < k))
    near = near[np.argsort((period[near] << 48) + batch.starts[owner[near]] + start[near])]
    owner, start, period = owner[near], start[near], period[near]
    heads = np.flatnonzero(leads(owner, period, start - np.arange(len(start))))
    size = np.diff(np.append(heads, len(start)))
    return _tracts(batch, owner[heads], start[heads], size, period[heads], k)


def _next_copies(batch: Batch, words: Words) -> tuple[Array, Array, Array]:
    """The molecule and place of each word of which a copy on the same strand follows, and how many bases on."""
    group = np.cumsum(leads(words.owner, words.name)) * 2 + words.reverse
    order = np.argsort(group, kind="stable")
    owner, place = words.owner[order], words.place[order]
    heads = np.flatnonzero(leads(group[order]))
    lasts = np.append(heads[1:], len(place)) - 1
    distance = np.append(place[1:], 0) - place
    # On a circle the last copy is followed by the first, on a line by none.
    around = place[heads] + batch.lengths[owner[heads]] - place[lasts]
    distance[lasts] = np.where(batch.circular[owner[heads]], around, 0)
    return owner, place, distance


def _tracts(batch: Batch, owner: Array, start: Array, size: Array, period: Array, seed: int) -> _Tracts:
    """Tracts from rows of `size` places, sorted by period and molecule, at each of which period + `seed` bases begin.

    A circle that is periodic all round counts once round.
    """
    owner, start, size, period = _joined(batch, owner, start, size, period)
    length = np.minimum(size + period + seed - 1, batch.lengths[owner])
    kept = length >= period + seed
    return _Tracts(owner[kept], start[kept], length[kept], period[kept])


def _joined(batch: Batch, owner: Array, start: Array, size: Array, period: Array) -> tuple[Array, ...]:
    """Rows on circles that end at the last base go on in the row of the period that begins at the first."""
    key = (owner.astype(np.int64) << 8) + period
    ends = batch.circular[owner] & (start + size == batch.lengths[owner]) & (start > 0)
    heads = np.flatnonzero((start == 0) & batch.circular[owner])
    tails = np.flatnonzero(ends & np.isin(key, key[heads]))
    heads = heads[np.isin(key[heads], key[tails])]
    size = size.copy()
    size[tails] += size[heads]
    kept = np.ones(len(owner), dtype=bool)
    kept[heads] = False
    return owner[kept], start[kept], size[kept], period[kept]
