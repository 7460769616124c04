"""What was sent for an item, and the places in it that its error is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from foundry.contract import Service
from foundry.portal.catalogue import schema, told, words

#: Letters from which on a text has a place of its own, and of how many it shows.
_LONG, _SHOWN = 60, 5000
_AROUND = 20
_PLACES = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A field of the item."""

    name: str
    label: str
    text: str
    length: int

    @property
    def is_long(self) -> bool:
        return self.length > _LONG

    @property
    def is_cut(self) -> bool:
        return self.length > len(self.text)


@dataclasses.dataclass(frozen=True, slots=True)
class Excerpt:
    """A place with what stands around it."""

    position: int
    before: str
    at: str
    after: str


def parts(item: Mapping[str, Any], service: Service | None) -> list[Part]:
    """The item's fields that have a value, but for its name; long ones last."""
    known = {field.name: field for field in schema.of(service.item)} if service else {}
    found = [
        _part(name, value, known.get(name))
        for name, value in item.items()
        if name != "name" and value not in (None, "", [], {})
    ]
    return sorted(found, key=lambda part: part.is_long)


def _part(name: str, value: Any, field: schema.Field | None) -> Part:
    text = told.value(value, field)
    return Part(name=name, label=field.label if field else words.label(name), text=text[:_SHOWN], length=len(text))


def excerpts(item: Mapping[str, Any], error: Mapping[str, Any]) -> Sequence[Excerpt]:
    """The places that the error names; positions count the letters of a sequence without the blanks in it."""
    value = item.get(error.get("field") or "")
    if not isinstance(value, str):
        return ()
    text = "".join(value.split())
    return [_excerpt(text, position) for position in error.get("positions", ())[:_PLACES] if position <= len(text)]


def _excerpt(text: str, position: int) -> Excerpt:
    at = position - 1
    start, end = max(at - _AROUND, 0), at + 1 + _AROUND
    before, after = text[start:at], text[at + 1 : end]
    return Excerpt(position, f"{'…' * (start > 0)}{before}", text[at], f"{after}{'…' * (end < len(text))}")
