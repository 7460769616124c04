"""Recognition sites of all commercial restriction enzymes, across the origin of a circle."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from services.compute_dna.batch import Array, Batch
from services.compute_dna.enzymes import (
    ASSEMBLY_ENZYMES,
    WORD,
    Enzyme,
    WordTable,
    commercial_enzymes,
    site_index,
)
from services.compute_dna.schema import LISTED, AssemblySite, AssemblySites, Restriction

#: Bases that are looked up at once: bounds the memory of a long molecule.
_CHUNK = 1 << 18
_TO_SIX = np.array([0, 1, 2, 3, *[4] * 11, 5], dtype=np.uint8)


class Sites(NamedTuple):
    """Recognition sites as columns: where in the batch their first base on the given strand is, and which strand of
    the index reads there."""

    position: Array
    strand: Array

    def where(self, mask: Array) -> Sites:
        chosen = np.flatnonzero(mask)
        return Sites(self.position[chosen], self.strand[chosen])


def find_sites(batch: Batch) -> Iterator[Sites]:
    """All sites of all enzymes, chunk after chunk; those of each site in the order of their positions."""
    index = site_index()
    words = _words(batch)
    outside = ~batch.inside[: len(words)]
    for table in (index.short, index.long):
        counts = table.count[words]
        counts[outside] = 0
        for begin in range(0, len(words), _CHUNK):
            found = _begun(table, words, counts, begin)
            yield _fitting(batch, found if table is index.short else _ended(words, found))


def _words(batch: Batch) -> Array:
    """The base-6 number of the six symbols from each place on."""
    six = _TO_SIX[batch.symbols]
    pairs = (six[:-1] * np.uint8(6) + six[1:]).astype(np.uint16)
    return pairs[:-4] * np.uint16(1296) + pairs[2:-2] * np.uint16(36) + pairs[4:]


def _begun(table: WordTable, words: Array, counts: Array, begin: int) -> Sites:
    """Strands that begin in the chunk from `begin` on."""
    count = counts[begin : begin + _CHUNK]
    position = np.repeat(np.arange(begin, begin + len(count), dtype=np.int32), count)
    skipped = np.cumsum(count, dtype=np.int32) - count
    entry = np.repeat(table.first[words[begin : begin + _CHUNK]] - skipped, count)
    entry += np.arange(len(position), dtype=np.int32)
    return Sites(position, table.strands[entry])


def _ended(words: Array, begun: Sites) -> Sites:
    """Those of the longer strands that also end as they should."""
    index = site_index()
    last = begun.position + index.length[begun.strand] - np.int32(WORD)
    return begun.where(index.endings[index.ending[begun.strand], words[last]])


def _fitting(batch: Batch, sites: Sites) -> Sites:
    """A circle has no site longer than itself."""
    length = site_index().length
    if batch.lengths.min() >= length.max():
        return sites
    return sites.where(length[sites.strand] <= batch.lengths[batch.owner[sites.position]])


def restriction_profiles(batch: Batch) -> list[Restriction]:
    index = site_index()
    shape = (len(batch), len(index.site))
    counts, latest = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int32)
    assembly = []
    for found in find_sites(batch):
        cells = batch.owner[found.position] * np.int32(shape[1]) + found.strand
        counts += np.bincount(cells, minlength=counts.size).reshape(shape)
        latest.ravel()[cells] = found.position
        assembly.append(found.where(_is_assembly_strand()[found.strand]))
    listed = _assembly_sites(batch, Sites(*(np.concatenate(columns) for columns in zip(*assembly, strict=True))))
    return _assemble(batch, counts, latest, listed)


def _assemble(batch: Batch, counts: Array, latest: Array, assembly: list[AssemblySites]) -> list[Restriction]:
    names = np.array([enzyme.name for enzyme in commercial_enzymes()], dtype=object)
    forward, reverse = site_index().strands_of_enzyme
    on_reverse = counts[:, reverse] * (forward != reverse)
    of_enzymes = counts[:, forward] + on_reverse
    owner, enzyme = np.nonzero(of_enzymes == 1)
    turned = on_reverse[owner, enzyme] == 1
    position = latest[owner, np.where(turned, reverse[enzyme], forward[enzyme])]
    unique = _split(owner, len(batch), names[enzyme], _cuts(batch, owner, enzyme, position, turned))
    owner, enzyme = np.nonzero(of_enzymes > 1)
    multiple = _split(owner, len(batch), names[enzyme], of_enzymes[owner, enzyme])
    return [
        Restriction(
            enzymes=len(names),
            cutters=len(once) + len(often),
            non_cutters=len(names) - len(once) - len(often),
            unique=once,
            multiple=often,
            type_iis=type_iis,
        )
        for once, often, type_iis in zip(unique, multiple, assembly, strict=True)
    ]


def _split(owner: Array, molecules: int, keys: Array, values: Array) -> Iterator[dict[str, Any]]:
    """One dict a molecule of columns that are sorted by molecule."""
    bounds = np.searchsorted(owner, np.arange(molecules + 1)).tolist()
    names, numbers = keys.tolist(), values.tolist()
    for begin, end in itertools.pairwise(bounds):
        yield dict(zip(names[begin:end], numbers[begin:end], strict=True))


def _cuts(batch: Batch, owner: Array, enzyme: Array, position: Array, reverse: Array) -> Array:
    """The first base after the first cut of the given strand, for sites of enzymes; None: it falls off a linear end."""
    offsets = _first_cuts()[enzyme]
    start = position - batch.starts[owner] + 1
    end = start + offsets[:, 2]
    given = np.where(reverse, start - offsets[:, 1], start + offsets[:, 0])
    other = np.where(reverse, end - offsets[:, 0], end + offsets[:, 1])
    length = batch.lengths[owner]
    off = ~batch.circular[owner] & ((np.minimum(given, other) <= 1) | (np.maximum(given, other) > length))
    wrapped = ((given - 1) % length + 1).astype(object)
    wrapped[off] = None
    return wrapped


@functools.cache
def _first_cuts() -> Array:
    """(enzymes, 3): both offsets of the first cut, and the length of the site."""
    return np.array([(*enzyme.cuts[0], len(enzyme.site)) for enzyme in commercial_enzymes()])


def _assembly_sites(batch: Batch, found: Sites) -> list[AssemblySites]:
    order = np.argsort(found.position, kind="stable")
    owner, place = batch.locate(found.position[order])
    totals = np.bincount(owner, minlength=len(batch)).tolist()
    rows: list[AssemblySites] = [AssemblySites(total=total, listed=[]) for total in totals]
    for at, start, strand in zip(owner.tolist(), place.tolist(), found.strand[order].tolist(), strict=True):
        if len(rows[at]["listed"]) < LISTED:
            rows[at]["listed"].append(_assembly_site(batch, at, start, strand))
    return rows


def _assembly_site(batch: Batch, at: int, start: int, site_strand: int) -> AssemblySite:
    index = site_index()
    enzyme = _assembly_enzymes()[index.site[site_strand]]
    strand: Literal[1, -1] = -1 if index.reverse[site_strand] else 1
    given, other = enzyme.positions(start + 1, strand)[0]
    cut = wrapped_cut(given, other, int(batch.lengths[at]), circular=bool(batch.circular[at]))
    overhang = batch.text(at, cut - 1, other - given) if cut is not None else None
    return AssemblySite(enzyme=enzyme.name, start=start + 1, strand=strand, cut=cut, overhang=overhang)


def wrapped_cut(given: int, other: int, length: int, *, circular: bool) -> int | None:
    """The cut of the given strand, counted on from the origin of a circle; None if either falls off a linear end."""
    if circular:
        return (given - 1) % length + 1
    return given if 1 < given <= length and 1 < other <= length else None


@functools.cache
def _is_assembly_strand() -> Array:
    return np.isin(site_index().site, list(_assembly_enzymes()))


@functools.cache
def _assembly_enzymes() -> dict[int, Enzyme]:
    """By the number of their site."""
    sites = site_index().sites
    return {sites.index(enzyme.site): enzyme for enzyme in commercial_enzymes() if enzyme.name in ASSEMBLY_ENZYMES}
