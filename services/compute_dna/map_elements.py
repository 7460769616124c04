"""What a map shows, and how its arrows and labels are kept apart."""

from __future__ import annotations

import dataclasses
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from Bio import BiopythonWarning, SeqIO
from Bio.SeqFeature import SeqFeature

from foundry.contract import Entry
from services.compute_dna.enzymes import enzyme
from services.compute_dna.genbank import unique_cutters
from services.compute_dna.schema import Item

#: Unique cutters of fewer suppliers are left off the map: they are in the table of sites.
_SUPPLIERS = 5
#: The most elements of one kind, longest features first.
_SHOWN = 40
_LABEL_LETTERS = 28
_HIDDEN = frozenset({"source", "gene", "variation", "conflict", "old_sequence"})
_COLOURS = {
    "CDS": "#4c78a8",
    "promoter": "#54a24b",
    "terminator": "#e45756",
    "rep_origin": "#f58518",
    "primer_bind": "#b279a2",
    "misc_feature": "#9d9d9d",
    "ORF": "#a0cbe8",
}
_OTHER_COLOUR = "#72b7b2"
_CUTTER_COLOUR = "#777"
LABEL_HEIGHT = 15


@dataclasses.dataclass(frozen=True, slots=True)
class Element:
    """A stretch (or, for a cutter, a point) of the molecule: 0-based start, and end from `start` on, which runs over
    the length where it crosses the origin."""

    label: str
    start: int
    end: int
    strand: int
    kind: str

    @property
    def colour(self) -> str:
        return _COLOURS.get(self.kind, _OTHER_COLOUR)

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


def elements_of(entry: Entry) -> list[Element]:
    """The features of the record, the ORFs that it has no CDS for, and the unique cutters, by position."""
    length = len(entry.item.sequence)
    circular = entry.item.topology == "circular"
    features = [_feature(one, length, circular) for one in _features(entry.item) if one.type not in _HIDDEN]
    features = sorted(features, key=lambda one: one.start - one.end)[:_SHOWN]
    if entry.result is not None:
        own = {(one.start, one.end) for one in features}
        features += [orf for orf in _orfs(entry.result) if (orf.start, orf.end) not in own]
        features += list(_cutters(entry.result))[:_SHOWN]
    return sorted(features, key=lambda one: one.middle)


def legend_of(elements: Sequence[Element], result: Mapping[str, Any] | None) -> dict[str, str]:
    """What each colour of the map stands for, by its name, and how many of a kind are left off."""
    kinds = {one.kind for one in elements}
    legend = {kind: colour for kind, colour in _COLOURS.items() if kind in kinds - {"ORF"}}
    if kinds - _COLOURS.keys() - {"cutter"}:
        legend["other feature"] = _OTHER_COLOUR
    if result is not None and result["orfs"]["total"]:
        legend[_orfs_shown(result["orfs"])] = _COLOURS["ORF"]
    if result is not None and result["restriction"]["unique"]:
        legend[_cutters_shown(elements, result)] = _CUTTER_COLOUR
    return legend


def _orfs_shown(orfs: Mapping[str, Any]) -> str:
    shown, total = len(orfs["listed"]), orfs["total"]
    return "ORF" if shown == total else f"{shown} of {total:,} ORFs shown"


def _cutters_shown(elements: Sequence[Element], result: Mapping[str, Any]) -> str:
    shown, total = sum(one.kind == "cutter" for one in elements), len(result["restriction"]["unique"])
    if shown == total:
        return "unique cutter"
    return f"{shown} of {total:,} unique cutters shown: sold by {_SUPPLIERS} suppliers or more, one a place"


def _features(item: Item) -> list[SeqFeature]:
    """The features that the item came with and that lie on it; none if Biopython cannot read them."""
    if not item.annotations:
        return []
    text = io.StringIO(f"{item.annotations.rstrip()}\nORIGIN\n//\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BiopythonWarning)
        try:
            features: list[SeqFeature] = next(SeqIO.parse(text, "genbank")).features
            return [one for one in features if one.location is not None and one.location.end <= len(item.sequence)]
        except Exception:  # Biopython's parser raises whatever it trips over
            return []


def _feature(feature: SeqFeature, length: int, circular: bool) -> Element:
    parts = feature.location.parts if feature.location.strand != -1 else feature.location.parts[::-1]
    start, end = int(parts[0].start), int(parts[-1].end)
    if not circular:
        start, end = int(feature.location.start), int(feature.location.end)
    names = (feature.qualifiers.get(key) for key in ("label", "gene", "product", "note", "standard_name"))
    label = next((str(name[0]) for name in names if name), feature.type)
    return Element(label, start, end if end > start else end + length, feature.location.strand or 0, feature.type)


def _orfs(result: Mapping[str, Any]) -> Iterator[Element]:
    for orf in result["orfs"]["listed"]:
        start, end = orf["start"] - 1, orf["end"]
        end += result["length"] if end <= start else 0
        yield Element(f"ORF {orf['length']} aa", start, end, orf["strand"], "ORF")


def _cutters(result: Mapping[str, Any]) -> Iterator[Element]:
    for cut, names in unique_cutters(result).items():
        known = [name for name in names if enzyme(name).suppliers >= _SUPPLIERS]
        if known:
            yield Element(f"{known[0]} {cut}", cut - 1, cut - 1, 0, "cutter")


def shortened(label: str) -> str:
    return label if len(label) <= _LABEL_LETTERS else label[: _LABEL_LETTERS - 1] + "…"


def lanes(elements: Sequence[Element], length: int) -> dict[Element, int]:
    """The lane of each stretch: the first in which it overlaps no other, the longest placed first."""
    taken: list[list[tuple[int, int]]] = []
    placed = {}
    for one in sorted(elements, key=lambda one: (one.start - one.end, one.start)):
        spans = [(one.start, min(one.end, length)), (0, one.end - length)][: 1 + (one.end > length)]
        lane = next((at for at, lane in enumerate(taken) if not _overlap(lane, spans)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane] += spans
        placed[one] = lane
    return placed


def _overlap(lane: list[tuple[int, int]], spans: list[tuple[int, int]]) -> bool:
    return any(start < other_end and other < end for start, end in spans for other, other_end in lane)


def spread(wanted: Sequence[float], low: float, high: float, gap: float) -> list[float]:
    """Places in the order of `wanted`, as near to them as can be, from `low` to `high`, and `gap` apart at least.

    Places that would collide are moved as one block, centred on where its members want to be. There must be room.
    """
    blocks: list[tuple[float, int]] = []
    for place in wanted:
        first, size = max(place, low), 1
        while blocks and first < blocks[-1][0] + gap * blocks[-1][1]:
            before, more = blocks.pop()
            first = max((before * more + (first - gap * more) * size) / (more + size), low)
            size += more
        blocks.append((first, size))
    places = [first + gap * at for first, size in blocks for at in range(size)]
    ceilings = (high - gap * (len(places) - 1 - at) for at in range(len(places)))
    return [min(place, ceiling) for place, ceiling in zip(places, ceilings, strict=True)]


def scale(length: int) -> list[int]:
    """The bases to number on the axis: the first, and about ten at round numbers."""
    tenth = max(length // 10, 1)
    digit = 10 ** (len(str(tenth)) - 1)
    step = tenth // digit * digit
    return sorted({1, *range(step, length + 1, step)})
