"""`restriction-sites.csv`: every site of every commercial enzyme in one molecule; one row for an enzyme without."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from foundry.contract import Entry
from foundry.contract.table import csv_line
from services.compute_dna.batch import Batch, batch_of
from services.compute_dna.enzymes import Enzyme, commercial_enzymes, site_index
from services.compute_dna.restriction import Sites, find_sites, wrapped_cut
from services.compute_dna.schema import Item, Options

COLUMNS = (
    "enzyme",
    "recognition_site",
    "type_iis",
    "sites",
    "site_start",
    "strand",
    "cut",
    "cut_complement",
    "second_cut",
    "second_cut_complement",
)


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    """Positions are 1-based. A cut is the first base after it, as Bio.Restriction counts, on the given strand and on
    its complement; it is empty where the cut falls off the end of a linear molecule."""
    yield csv_line(COLUMNS)
    for entry in entries:
        sites = _by_site(entry.item)
        for enzyme in commercial_enzymes():
            yield "".join(map(csv_line, _rows(entry.item, enzyme, sites.get(enzyme.site, []))))


def _by_site(item: Item) -> dict[str, list[tuple[int, int]]]:
    """1-based start and strand of every occurrence of each site that occurs, in order."""
    index = site_index()
    found = Sites(*(np.concatenate(columns) for columns in zip(*find_sites(_alone(item)), strict=True)))
    site = index.site[found.strand]
    order = np.argsort(site, kind="stable")
    starts, strands = found.position[order] + 1, np.where(index.reverse[found.strand[order]], -1, 1)
    bounds = np.searchsorted(site[order], np.arange(len(index.sites) + 1)).tolist()
    return {
        text: list(zip(starts[begin:end].tolist(), strands[begin:end].tolist(), strict=True))
        for text, (begin, end) in zip(index.sites, itertools.pairwise(bounds), strict=True)
    }


def _alone(item: Item) -> Batch:
    return batch_of([item], int(site_index().length.max()))


def _rows(item: Item, enzyme: Enzyme, sites: list[tuple[int, int]]) -> Iterator[list[object]]:
    about = [enzyme.name, enzyme.site, "yes" if enzyme.type_iis else "no", len(sites)]
    if not sites:
        yield [*about, *[None] * 6]
    for start, strand in sites:
        cuts = list(_cuts(item, enzyme, start, strand))
        yield [*about, start, "+" if strand > 0 else "-", *cuts, *[None] * (4 - len(cuts))]


def _cuts(item: Item, enzyme: Enzyme, start: int, strand: int) -> Iterator[int | None]:
    for cut in enzyme.positions(start, strand):
        for given, other in (cut, cut[::-1]):
            yield wrapped_cut(given, other, len(item.sequence), circular=item.topology == "circular")
