"""The files made of a finished screen. They show the places that the results list, at most `max_spans` of each rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foundry.contract import Entry, SequenceItem
from foundry.contract.genbank import Feature, location, record
from foundry.contract.table import csv_line
from services.screen_synthesis.schema import BrokenRule, ScreenOptions, Span

_COLUMNS = (
    "position",
    "name",
    "profile",
    "profile_version",
    "rule",
    "span",
    "span_count",
    "start",
    "end",
    "strand",
    "bases",
    "message",
    "hint",
)
_BASES_SHOWN = 100

type _Cell = str | int


def broken_rules(entries: Iterable[Entry], options: ScreenOptions) -> Iterator[str]:
    """A CSV table with one row for each place that breaks a rule; an item without a result has one row with its error.

    The bases are those of the forward strand.
    """
    yield csv_line(_COLUMNS)
    for entry in entries:
        for cells in _rows(entry):
            yield csv_line(cells)


def _rows(entry: Entry) -> Iterator[list[_Cell]]:
    head: list[_Cell] = [entry.position, entry.item.name]
    if entry.result is None:
        yield [*head, *[""] * 9, entry.error.message if entry.error else "", ""]
        return
    head += entry.result["profile"]["name"], entry.result["profile"]["version"]
    for broken in entry.result["broken"]:
        for number, span in enumerate(broken["spans"], 1):
            place = [broken["rule"], number, broken["span_count"], span["start"], span["end"], span["strand"]]
            yield [*head, *place, _bases(entry.item, span), broken["message"], broken["hint"]]


def _bases(item: SequenceItem, span: Span) -> str:
    start, end = span["start"] - 1, span["end"]
    bases = item.sequence[start:end] if start < end else item.sequence[start:] + item.sequence[:end]
    return bases if len(bases) <= _BASES_SHOWN else bases[:_BASES_SHOWN] + "..."


def annotated_record(entries: Iterable[Entry], options: ScreenOptions) -> Iterator[str]:
    """A GenBank record of each item, with a misc_feature for each place that breaks a rule."""
    for entry in entries:
        broken_rules: list[BrokenRule] = entry.result["broken"] if entry.result else []
        features = [
            _feature(broken, span, len(entry.item.sequence)) for broken in broken_rules for span in broken["spans"]
        ]
        yield record(entry.item, features, entry.position)


def _feature(broken: BrokenRule, span: Span, size: int) -> Feature:
    place = location(span["start"], span["end"], size, -1 if span["strand"] == "reverse" else 1)
    return Feature("misc_feature", place, {"label": broken["rule"], "note": f"{broken['message']} {broken['hint']}"})


def applied_profile(entries: Iterable[Entry], options: ScreenOptions) -> Iterator[str]:
    """The profile as JSON; its rules can be edited and sent with the next request."""
    yield options.effective_profile().model_dump_json(indent=2, exclude_defaults=True) + "\n"
