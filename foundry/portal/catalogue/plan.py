"""The plan: what would be submitted, item by item, before anything is."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString
from pydantic_core import from_json

from foundry.contract import SequenceItem, Service
from foundry.core.drafts import CheckedItem, Draft, check_items
from foundry.core.estimate import Estimate, estimate, measured
from foundry.core.slice import slice_into_jobs
from foundry.intake import Source
from foundry.portal.catalogue import schema, told, words

_PAGE = 50
_LONG = 40
_GIST = 4
_NOTES = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One item of the preview: where it is from, what it is in a few words, and what is wrong with it."""

    position: int
    name: str
    place: str
    gist: str
    #: As HTML.
    problem: SafeString
    #: What was odd in the file but could be read.
    notes: Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was odd in the files, and of which items."""

    text: str
    #: "Item 12 and 3 others".
    where: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A page of the preview, with the figures of the whole."""

    items: int
    bad: int
    estimate: Estimate
    rows: tuple[Row, ...]
    #: Only items with a problem are listed.
    only_bad: bool
    page: int
    pages: int
    #: How many items lack a field that is needed, by the field's name.
    lacking: Mapping[str, int]
    #: The most frequent ones, and how many there are besides.
    notes: Sequence[Note]
    more_notes: int

    @property
    def good(self) -> int:
        return self.items - self.bad

    @property
    def seconds(self) -> str:
        fastest, seconds = self.estimate.fastest, self.estimate.seconds
        return "" if fastest is None or seconds is None else words.between(fastest, seconds)

    @property
    def usd(self) -> str:
        return "" if self.estimate.usd is None else words.money(self.estimate.usd)


def make(
    service: Service,
    drafts: Sequence[Draft],
    defaults: Mapping[str, Any],
    *,
    page: int = 1,
    only_bad: bool | None = None,
) -> Plan:
    """The plan for those items. Raises InvalidRequestError if there are none or too many.

    Unless it is said what to list, that is all of a few and the bad ones of many.
    """
    checked = check_items(service, drafts, defaults)
    bad = [item for item in checked if item.error]
    if only_bad is None:
        only_bad = bool(bad) and len(checked) > _PAGE
    listed = bad if only_bad else checked
    pages = max(1, -(-len(listed) // _PAGE))
    page = min(max(page, 1), pages)
    good = [item for item in checked if not item.error]
    jobs = sum(1 for _ in slice_into_jobs(good, service.slicing))
    known = measured(services=[service.name])
    notes = _notes(drafts)
    return Plan(
        items=len(checked),
        bad=len(bad),
        estimate=estimate(service=service, items=len(good), jobs=jobs, known=known),
        rows=tuple(
            _row(service, item, drafts[item.position - 1]) for item in listed[(page - 1) * _PAGE : page * _PAGE]
        ),
        only_bad=only_bad,
        page=page,
        pages=pages,
        lacking=Counter(
            item.error.field for item in bad if item.error and item.error.field and item.error.code == "missing"
        ),
        notes=notes[:_NOTES],
        more_notes=len(notes[_NOTES:]),
    )


def _notes(drafts: Sequence[Draft]) -> list[Note]:
    """Each one once, the most frequent first."""
    found: dict[str, list[int]] = {}
    for position, draft in enumerate(drafts, 1):
        for warning in draft.warnings:
            found.setdefault(warning, []).append(position)
    frequent = sorted(found.items(), key=lambda one: -len(one[1]))
    return [Note(text=words.sentence(text), where=_items(positions)) for text, positions in frequent]


def _items(positions: Sequence[int]) -> str:
    first, others = f"Item {positions[0]:,}", len(positions) - 1
    return f"{first} and {words.counted(others, 'other')}" if others else first


def _row(service: Service, item: CheckedItem, draft: Draft) -> Row:
    source = Source(**from_json(item.source)) if item.source else None
    problem = item.error.message.removeprefix(f"{source}: ") if item.error else ""
    return Row(
        position=item.position,
        name=item.name,
        place=_place(source) if source else "",
        gist=_gist(service, from_json(item.input)),
        problem=words.prose(words.sentence(told.message(problem, schema.of(service.item))) if problem else ""),
        notes=[words.sentence(warning) for warning in draft.warnings],
    )


def _place(source: Source) -> str:
    return f"{source.file}, line {source.line}" if source.line else source.file


def _gist(service: Service, values: Mapping[str, Any]) -> str:
    """The item in a few words: what it measures, or its first few values."""
    if issubclass(service.item, SequenceItem) and isinstance(sequence := values.get("sequence"), str):
        return ", ".join(filter(None, (f"{len(''.join(sequence.split())):,} bp", str(values.get("topology", "")))))
    known = {field.name: field for field in schema.of(service.item)}
    shown = [(name, value) for name, value in values.items() if name not in service.describing][:_GIST]
    return ", ".join(_short(name, value, known.get(name)) for name, value in shown)


def _short(name: str, value: Any, field: schema.Field | None) -> str:
    label = field.label if field else words.label(name)
    if isinstance(value, list | dict):
        return f"{label}: {len(value):,} {'entry' if len(value) == 1 else 'entries'}"
    text = told.value(value, field)
    return f"{label}: {text if len(text) <= _LONG else f'{text[:_LONG]}… ({len(text):,} letters)'}"
