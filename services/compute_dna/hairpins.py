"""Hairpins: a stem of Watson-Crick pairs without mismatch or bulge, closed by a short loop.

For each loop length, the words of seven bases that end before a loop are compared with the reverse complements of
those that begin after it; stems that may be longer are followed outwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.compute_dna.batch import Array, Batch, kmers, leading_rows, windows_all
from services.compute_dna.schema import LISTED, Hairpin, Hairpins, Options

_SEED = 7
SHORTEST_LOOP = 3
#: Stems are followed so far; longer ones show in full among the inverted repeats.
LONGEST_STEM = 100


class _Stems(NamedTuple):
    """The molecule, the 0-based place of the innermost base of the 5' arm, and the bases of the loop."""

    owner: Array
    inner: Array
    loop: Array


def margin(options: Options) -> int:
    """Bases to read on from the first base of a seed."""
    return 2 * _SEED + options.hairpin_loop_maximum


def find_hairpins(batch: Batch, options: Options) -> list[Hairpins]:
    seeds = _seeds(batch, options)
    pairs = _stem_lengths(batch, seeds)
    kept = pairs >= options.hairpin_stem_minimum
    stems, pairs = _Stems(*(column[kept] for column in seeds)), pairs[kept]
    start = (stems.inner - pairs + 1) % batch.lengths[stems.owner] + 1
    order = np.lexsort((start, stems.loop, -pairs, stems.owner))
    totals, first = leading_rows(stems.owner[order], len(batch), LISTED)
    rows: list[Hairpins] = [Hairpins(total=total, listed=[]) for total in totals]
    columns = (column[order[first]].tolist() for column in (stems.owner, start, pairs, stems.loop))
    for at, place, stem, loop in zip(*columns, strict=True):
        rows[at]["listed"].append(Hairpin(start=place, stem=stem, loop=loop))
    return rows


def _arms(batch: Batch, size: int) -> tuple[Array, Array]:
    """Codes of the words of `size` bases from each place on, and of their reverse complements; unlike if unknown."""
    known = windows_all(batch.known, size)
    given, other = (kmers(batch.symbols, size, complement=turned) for turned in (False, True))
    return np.where(known, given, np.uint16(0xFFFF)), np.where(known, other, np.uint16(0xFFFE))


def _seeds(batch: Batch, options: Options) -> _Stems:
    """Every stem of seven pairs that does not close further."""
    left, right = _arms(batch, _SEED)
    left = np.where(batch.inside[: len(left)], left, np.uint16(0xFFFF))
    found = []
    for loop in range(SHORTEST_LOOP, options.hairpin_loop_maximum + 1):
        apart = _SEED + loop
        position = np.flatnonzero(left[: max(len(left) - apart, 0)] == right[apart:])
        if loop >= SHORTEST_LOOP + 2:
            inside, opposite = (batch.symbols[position + at] for at in (_SEED, apart - 1))
            position = position[(inside > 3) | (inside + opposite != 3)]
        found.append(position)
    position = np.concatenate(found)
    loops = np.repeat(np.arange(SHORTEST_LOOP, SHORTEST_LOOP + len(found)), [len(some) for some in found])
    owner, place = batch.locate(position)
    return _Stems(owner, place + _SEED - 1, loops)


def _stem_lengths(batch: Batch, seeds: _Stems) -> Array:
    """Pairs of each stem, followed outwards, seven and then one at a time; 0 if a circle has no room for the seed."""
    limit = np.minimum((batch.lengths[seeds.owner] - seeds.loop) // 2, LONGEST_STEM)
    pairs = np.where(limit < _SEED, 0, _SEED)
    for step in (_SEED, 1):
        arms = _arms(batch, step)
        growing = np.flatnonzero((pairs > 0) & (pairs + step <= limit))
        while len(growing):
            growing = growing[
                _pair_on(batch, _Stems(*(column[growing] for column in seeds)), pairs[growing], arms, step)
            ]
            pairs[growing] += step
            growing = growing[pairs[growing] + step <= limit[growing]]
    return pairs


def _pair_on(batch: Batch, stems: _Stems, pairs: Array, arms: tuple[Array, Array], step: int) -> Array:
    """Whether the next `step` bases outwards pair."""
    length, origin = batch.lengths[stems.owner], batch.starts[stems.owner]
    first = stems.inner - pairs - step + 1
    second = stems.inner + stems.loop + pairs + 1
    room = batch.circular[stems.owner] | ((first >= 0) & (second + step <= length))
    same: Array = room & (arms[0][origin + first % length] == arms[1][origin + second % length])
    return same
