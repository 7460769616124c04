"""Open reading frames in six frames, across the origin of a circle, and the codon usage of the longest.

An ORF runs from the first start codon after a stop (or after a linear end) to the next stop codon in frame. It has
both, and it is no longer than its molecule. On a circle whose length is no multiple of three the three frames are one
ring that goes round three times: place p stands at p / 3 modulo the length, so that codons in frame are neighbours on
the ring. Otherwise there are three rings (a line has three lines), and p stands at p // 3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from services.compute_dna.batch import Array, Batch, leading_rows
from services.compute_dna.codons import REVERSE_START, REVERSE_STOP, START, STOP, codon_weights, genetic_code
from services.compute_dna.schema import LISTED, ORF, CodonAdaptation, Options, ORFs


@dataclasses.dataclass(frozen=True)
class _Rings:
    """The rings of codons of every molecule, for one strand; 3 rings a molecule, of which a circle may use only one."""

    batch: Batch
    reverse: bool

    @property
    def single(self) -> Array:
        """True for circles whose three frames are one ring."""
        single: Array = self.batch.circular & (self.batch.lengths % 3 != 0)
        return single

    @property
    def sizes(self) -> Array:
        """Codons on each molecule's longest ring."""
        return np.where(self.single, self.batch.lengths, (self.batch.lengths + 2) // 3)

    @property
    def stride(self) -> int:
        """More than any ring's size, to number the places of all rings."""
        return int(self.batch.lengths.max(initial=0)) + 1

    def numbers(self, positions: Array) -> Array:
        """Ring * stride + place on the ring, for positions in the batch."""
        owner, place = self.batch.locate(positions)
        length, single = self.batch.lengths[owner], self.single[owner]
        third = np.where(length % 3 == 1, (2 * length + 1) // 3, (length + 1) // 3)
        along = np.where(single, place * third % length, place // 3)
        if self.reverse:
            along = self.sizes[owner] - 1 - along
        return (owner * np.int64(3) + np.where(single, 0, place % 3)) * self.stride + along


class _Found(NamedTuple):
    """ORFs as columns: the molecule, 0-based places of the first base of the start and stop codons as read on the
    given strand, amino acids, and the strand."""

    owner: Array
    start: Array
    stop: Array
    length: Array
    strand: Array


def find_orfs(batch: Batch, options: Options) -> tuple[list[ORFs], list[CodonAdaptation]]:
    """The ORFs of each molecule and the codon adaptation index of its longest."""
    codons = (batch.symbols[:-2].astype(np.uint16) << 8) | (batch.symbols[1:-1].astype(np.uint16) << 4)
    codons |= batch.symbols[2:]
    flags = genetic_code(options.genetic_code, options.start_codons).flags[codons]
    flags[~batch.inside[:-2]] = 0
    forward = _on_strand(batch, flags, START, STOP, options.orf_minimum)
    reverse = _on_strand(batch, flags, REVERSE_START, REVERSE_STOP, options.orf_minimum)
    found = _Found(*(np.concatenate(columns) for columns in zip(forward, reverse, strict=True)))
    order = np.lexsort((found.strand, found.start, -found.length, found.owner))
    found = _Found(*(column[order] for column in found))
    return _assemble(batch, codons, found, options)


def _on_strand(batch: Batch, flags: Array, start: int, stop: int, minimum: int) -> tuple[Array, ...]:
    """The columns of `_Found` for one strand."""
    rings = _Rings(batch, reverse=start == REVERSE_START)
    starts, start_numbers = _numbered(rings, np.flatnonzero(flags & start))
    stops, stop_numbers = _numbered(rings, np.flatnonzero(flags & stop))
    ring, end = np.divmod(stop_numbers, rings.stride)
    owner = ring // 3
    size = rings.sizes[owner]
    begin = np.maximum(_previous(batch, ring, end, size) + 1, end + 1 - batch.lengths[owner] // 3)
    long = np.flatnonzero(end - begin >= minimum)
    ring, end, owner, size, begin = (column[long] for column in (ring, end, owner, size, begin))
    first, along = _first_start(start_numbers, ring * rings.stride, begin, size)
    length = end - along
    kept = length >= minimum
    owner, length, first = owner[kept], length[kept], first[kept]
    places = (starts[first] - batch.starts[owner], stops[long][kept] - batch.starts[owner])
    return owner, *places, length, np.full(len(owner), -1 if rings.reverse else 1)


def _numbered(rings: _Rings, positions: Array) -> tuple[Array, Array]:
    """`positions` in the order of their numbers on the rings, and these."""
    numbers = rings.numbers(positions)
    order = np.argsort(numbers)
    return positions[order], numbers[order]


def _previous(batch: Batch, ring: Array, end: Array, size: Array) -> Array:
    """The place of the stop before each stop on its ring: below 0 if across the origin, -1 if there is none."""
    if not len(ring):
        return end
    leads = np.concatenate(([True], ring[1:] != ring[:-1]))
    group = np.cumsum(leads) - 1
    lasts = end[np.concatenate((np.flatnonzero(leads)[1:] - 1, [len(end) - 1]))][group]
    wrapped = np.where(batch.circular[ring // 3], lasts - size, -1)
    return np.where(leads, wrapped, np.roll(end, 1))


def _first_start(numbers: Array, base: Array, begin: Array, size: Array) -> tuple[Array, Array]:
    """The first start codon at or after place `begin` of each ring: its index, and its place counted like `begin`.

    A `begin` below 0 lies before the origin of the ring. Where no start follows, the place is far beyond.
    """
    if not len(numbers):
        return np.zeros(len(base), dtype=np.intp), np.full(len(base), np.iinfo(np.int64).max // 2)
    padded = np.append(numbers, np.iinfo(np.int64).max // 2)
    before = np.searchsorted(numbers, base + begin + size)
    there = (begin < 0) & (padded[before] < base + size)
    after = np.searchsorted(numbers, base + np.maximum(begin, 0))
    index = np.where(there, before, after)
    along = padded[index] - base - np.where(there, size, 0)
    return np.minimum(index, len(numbers) - 1), along


def _assemble(batch: Batch, codons: Array, found: _Found, options: Options) -> tuple[list[ORFs], list[CodonAdaptation]]:
    totals, first = leading_rows(found.owner, len(batch), LISTED)
    listed = _Found(*(column[first] for column in found))
    numbers, offsets = _codons_of(batch, codons, listed)
    rows = _rows(batch, listed, _proteins(numbers, offsets, listed, options))
    indices = _adaptation(numbers, offsets, listed, len(batch), options)
    orfs = []
    end = 0
    for total in totals:
        end, start = end + min(total, LISTED), end
        mine = rows[start:end]
        orfs.append(ORFs(total=total, longest=mine[0]["length"] if mine else 0, listed=mine))
    return orfs, indices


def _codons_of(batch: Batch, codons: Array, orfs: _Found) -> tuple[Array, Array]:
    """Codon numbers of all ORFs end to end, stops left off, and where each ORF begins among them."""
    offsets = np.cumsum(orfs.length) - orfs.length
    owner = np.repeat(orfs.owner, orfs.length)
    step = np.arange(len(owner)) - np.repeat(offsets, orfs.length)
    places = np.repeat(orfs.start, orfs.length) + 3 * step * np.repeat(orfs.strand, orfs.length)
    return codons[batch.starts[owner] + places % batch.lengths[owner]], offsets


def _proteins(numbers: Array, offsets: Array, orfs: _Found, options: Options) -> Iterator[str]:
    code = genetic_code(options.genetic_code, options.start_codons)
    strands = np.repeat((orfs.strand < 0).astype(np.intp), orfs.length)
    letters = code.amino_acids[strands, numbers]
    letters[offsets] = ord("M")
    text = letters.tobytes().decode()
    for offset, length in zip(offsets.tolist(), orfs.length.tolist(), strict=True):
        yield text[offset : offset + length]


def _rows(batch: Batch, orfs: _Found, proteins: Iterator[str]) -> list[ORF]:
    lengths = batch.lengths[orfs.owner]
    forward = orfs.strand > 0
    starts = np.where(forward, orfs.start, orfs.stop) + 1
    ends = (np.where(forward, orfs.stop, orfs.start) + 2) % lengths + 1
    first = np.where(forward, orfs.start, lengths - 1 - (orfs.start + 2) % lengths)
    columns = (starts, ends, orfs.strand, first % 3 + 1, orfs.length)
    rows = zip(*(column.tolist() for column in columns), proteins, strict=True)
    return [
        ORF(start=start, end=end, strand=strand, frame=frame, length=length, protein=protein)
        for start, end, strand, frame, length, protein in rows
    ]


def _adaptation(
    numbers: Array, offsets: Array, orfs: _Found, molecules: int, options: Options
) -> list[CodonAdaptation]:
    """Codon adaptation index of each molecule's longest ORF."""
    host = options.host
    rows = [
        CodonAdaptation(host=host, index=None, not_applicable=f"no ORF of {options.orf_minimum} amino acids or more")
        for _ in range(molecules)
    ]
    if not len(offsets):
        return rows
    strands = np.repeat((orfs.strand < 0).astype(np.intp), orfs.length)
    weights = codon_weights(host, options.genetic_code)[strands, numbers]
    counted = ~np.isnan(weights)
    codons = np.add.reduceat(counted, offsets, dtype=np.int64)
    logarithms = np.add.reduceat(np.where(counted, weights, 0.0), offsets) / np.maximum(codons, 1)
    longest = np.diff(orfs.owner, prepend=-1) != 0
    indices = zip(orfs.owner.tolist(), longest.tolist(), codons.tolist(), np.exp(logarithms).tolist(), strict=True)
    for owner, is_longest, some, index in indices:
        if is_longest:
            reason = None if some else "no codon of the longest ORF has a synonym"
            rows[owner] = CodonAdaptation(host=host, index=round(index, 4) if some else None, not_applicable=reason)
    return rows
