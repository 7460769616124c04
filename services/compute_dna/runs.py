"""Homopolymers and tandem repeats: stretches in which every base equals the one `period` bases before it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.compute_dna.batch import Array, Batch, windows_all
from services.compute_dna.schema import LISTED, Homopolymer, Homopolymers, Options, TandemRepeat, TandemRepeats

PERIODS = range(2, 11)
#: A tandem repeat has at least so many bases and so many copies of its unit.
_SHORTEST, _COPIES = 12, 3
#: Bases that must be seen to tell a tandem repeat of the longest period.
LONGEST_SEED = _COPIES * PERIODS[-1]


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


def find_tandem_repeats(batch: Batch) -> list[TandemRepeats]:
    """Tracts of the smallest period they have, of 2 to 10 bases."""
    every = [_periodic(batch, period, max(_SHORTEST, _COPIES * period)) for period in PERIODS]
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
    """Maximal tracts of `period` of at least `minimum` bases; a circle that has it all round counts once round."""
    equal = (batch.symbols[:-period] == batch.symbols[period:]) & batch.known[:-period]
    matches = windows_all(equal, minimum - period)
    begins = np.zeros(len(batch.symbols) + 1, dtype=np.int8)
    begins[: len(matches)] = matches & batch.inside[: len(matches)]
    edges = np.diff(begins, prepend=np.int8(0))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    owner, start = batch.locate(first)
    size = last - first + 1
    owner, start, size = _joined(batch, owner, start, size)
    length = np.minimum(size + minimum - 1, batch.lengths[owner])
    kept = length >= minimum
    return _Tracts(owner[kept], start[kept], length[kept], np.full(kept.sum(), period))


def _joined(batch: Batch, owner: Array, start: Array, size: Array) -> tuple[Array, Array, Array]:
    """Rows on circles that end at the last base go on in the row that begins at the first."""
    ends = batch.circular[owner] & (start + size == batch.lengths[owner]) & (start > 0)
    heads = np.flatnonzero((start == 0) & batch.circular[owner])
    tails = np.flatnonzero(ends & np.isin(owner, owner[heads]))
    heads = heads[np.isin(owner[heads], owner[tails])]
    size = size.copy()
    size[tails] += size[heads]
    kept = np.ones(len(owner), dtype=bool)
    kept[heads] = False
    return owner[kept], start[kept], size[kept]
