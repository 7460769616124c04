"""Dispersed repeats: exact copies of `repeat_minimum` bases or more, direct or inverted, anywhere in a molecule.

*Neighbouring* places of a word (on a circle also the last and the first) are paired, and pairs that follow each other
base by base are joined into the longest copies. Words that overlap their own copy are left to tandem repeats,
homopolymers and hairpins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.compute_dna.batch import Array, Batch, leading_rows, leads
from services.compute_dna.schema import LISTED, Options, Repeat, Repeats
from services.compute_dna.words import Words


class _Pairs(NamedTuple):
    """Pairs of words: places of both, whether one is the other's reverse complement."""

    owner: Array
    first: Array
    second: Array
    inverted: Array


def find_repeats(batch: Batch, words: Words, options: Options) -> list[Repeats]:
    k = options.repeat_minimum
    pairs = _neighbours(batch, words, k)
    if not len(pairs.owner):
        return [Repeats(total=0, listed=[]) for _ in range(len(batch))]
    pairs, length = _joined(batch, pairs, k)
    order = np.lexsort((pairs.inverted, pairs.second, pairs.first, -length, pairs.owner))
    totals, first = leading_rows(pairs.owner[order], len(batch), LISTED)
    rows = [Repeats(total=total, listed=[]) for total in totals]
    columns = (column[order[first]].tolist() for column in (*pairs, length))
    for at, start, other, inverted, size in zip(*columns, strict=True):
        rows[at]["listed"].append(Repeat(start=start + 1, other=other + 1, length=size, inverted=inverted))
    return rows


def _neighbours(batch: Batch, words: Words, k: int) -> _Pairs:
    """Each word with the next place of its name; on circles in both directions, and across the origin."""
    same = (words.owner[1:] == words.owner[:-1]) & (words.name[1:] == words.name[:-1])
    left = np.flatnonzero(same)
    right = left + 1
    first, last = np.ones((2, len(words.owner)), dtype=bool)
    first[1:] = last[:-1] = ~same
    leads, ends = np.flatnonzero(first), np.flatnonzero(last)
    round_ = batch.circular[words.owner[leads]]
    left, right = np.concatenate((left, ends[round_])), np.concatenate((right, leads[round_]))
    turned = batch.circular[words.owner[left]]
    left, right = np.concatenate((left, right[turned])), np.concatenate((right, left[turned]))
    owner, place, other = words.owner[left], words.place[left], words.place[right]
    length = batch.lengths[owner]
    gap = np.abs(other - place)
    apart = np.minimum(gap, np.where(batch.circular[owner], length - gap, gap)) >= k
    inverted = words.reverse[left] != words.reverse[right]
    return _Pairs(owner[apart], place[apart], other[apart], inverted[apart])


def _joined(batch: Batch, pairs: _Pairs, k: int) -> tuple[_Pairs, Array]:
    """The longest copies that the pairs make, each pair of copies once, and their lengths."""
    length = batch.lengths[pairs.owner]
    line = np.where(pairs.inverted, pairs.first + pairs.second, pairs.second - pairs.first)
    line = np.where(batch.circular[pairs.owner], line % length, line)
    order = np.lexsort((pairs.first, line, pairs.inverted, pairs.owner))
    pairs, line = _Pairs(*(column[order] for column in pairs)), line[order]
    distinct = leads(pairs.owner, pairs.inverted, line, pairs.first)
    pairs, line = _Pairs(*(column[distinct] for column in pairs)), line[distinct]
    heads = np.flatnonzero(leads(pairs.owner, pairs.inverted, line, pairs.first - np.arange(len(line))))
    size = np.diff(np.append(heads, len(line)))
    heads, size = _across_origin(batch, pairs, line, heads, size)
    return _each_once(batch, pairs, heads, size, k)


def _across_origin(batch: Batch, pairs: _Pairs, line: Array, heads: Array, size: Array) -> tuple[Array, Array]:
    """Append to a row that ends at a circle's last base the row on the same line that begins at its first."""
    owner, first = pairs.owner[heads], pairs.first[heads]
    key = np.stack((owner, pairs.inverted[heads], line[heads]))
    before = np.flatnonzero(batch.circular[owner] & (first + size == batch.lengths[owner]) & (first > 0))
    after = {tuple(key[:, at].tolist()): at for at in np.flatnonzero(batch.circular[owner] & (first == 0)).tolist()}
    kept = np.ones(len(heads), dtype=bool)
    for at in before.tolist():
        follower = after.get(tuple(key[:, at].tolist()))
        if follower is not None:
            size[at] += size[follower]
            kept[follower] = False
    return heads[kept], size[kept]


def _each_once(batch: Batch, pairs: _Pairs, heads: Array, size: Array, k: int) -> tuple[_Pairs, Array]:
    """Rows of pairs as copies with their lengths; of the two readings on a circle, the one that begins first."""
    owner, first, inverted = pairs.owner[heads], pairs.first[heads], pairs.inverted[heads]
    second = np.where(inverted, pairs.second[heads] - (size - 1), pairs.second[heads])
    length = batch.lengths[owner]
    second = np.where(batch.circular[owner], second % length, second)
    kept = ~batch.circular[owner] | (first < second)
    found = _Pairs(owner[kept], first[kept], second[kept], inverted[kept])
    return found, np.minimum(size[kept] + k - 1, length[kept])
