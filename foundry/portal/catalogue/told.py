"""Values and messages with the labels, units and words of a service's schema, and not with the names of its fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from foundry.core import faults
from foundry.portal.catalogue import words
from foundry.portal.catalogue.schema import Field

_NOTHING = "none"
#: Of a date without a time: 2026-11-05.
_DATE_LETTERS = 10
_ENTRY = re.compile(r"\d+")
#: Where a message says what it is about: a dotted path before a colon, at the beginning of a sentence.
_PATH = re.compile(r"(?:^|(?<=[.:] ))([A-Za-z_]\w*(?:\.\w+)*)(?=: )")
#: What may be a field's name within a sentence: a name in backquotes, or one of several words.
_NAME = re.compile(r"`(\w+)`|\b([A-Za-z]+(?:_\w+)+)\b")


def value(given: Any, field: Field | None) -> str:
    """As people read it: each entry of a list of objects on a line of its own."""
    if given in (None, "", [], {}):
        return _NOTHING
    match given:
        case Mapping():
            return ", ".join(_named(name, one, field) for name, one in given.items())
        case list() if any(isinstance(one, Mapping | list) for one in given):
            return "\n".join(value(one, field.items if field else None) for one in given)
        case list():
            return _with_unit(", ".join(_single(one, field.items if field else None) for one in given), field)
    return _with_unit(_single(given, field), field)


def _named(name: str, given: Any, within: Field | None) -> str:
    """A name that the schema does not know is of the user's own making, and stays as it is."""
    field = _known(within).get(name)
    below = field or (within.values if within else None)
    return f"{field.label if field else name}: {value(given, below)}"


def _known(within: Field | None) -> dict[str, Field]:
    """The fields of an object, or of all objects that may stand in its place."""
    if within is None:
        return {}
    return {field.name: field for field in (*within.fields, *(one for kind in within.variants for one in kind.fields))}


def _single(given: Any, field: Field | None) -> str:
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, str) and field and field.schema.get("format") == "date-time":
        return moment(given)
    if field and given in field.choices:
        return field.choice(given)
    return words.figure(given, digits=10)


def moment(text: str) -> str:
    """A date, or a date and time with the zone it was given with."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if len(text) == _DATE_LETTERS:
        return f"{found.day} {found:%b %Y}"
    zone = "" if found.tzinfo is None else " UTC" if not found.utcoffset() else f" {found:%:z}"
    clock = f"{found:%H:%M:%S}" if found.second else f"{found:%H:%M}"
    return f"{found.day} {found:%b %Y}, {clock}{zone}"


def _with_unit(text: str, field: Field | None) -> str:
    return f"{text} {field.unit}" if field and field.unit else text


def message(text: str, fields: Iterable[Field]) -> str:
    """With labels where it names fields: "Volume: it must be ..." for "volume_uL: it must be ..."."""
    known = {field.name: field for field in fields}
    for how in faults.IN_JSON.values():
        text = text.replace(how, "")
    return sentence(_PATH.sub(lambda found: _labelled(found[1], known), text), known.values())


def sentence(text: str, fields: Iterable[Field]) -> str:
    """With labels where it speaks of fields: "at most “Oligo”" for "at most `oligo_nM`"."""
    labels = {field.name: f"“{field.label}”" for field in fields}
    return _NAME.sub(lambda found: labels.get(found[1] or found[2], found[0]), text)


def _labelled(path: str, known: Mapping[str, Field]) -> str:
    """The path in words; as it is where the service has no such field."""
    name, _, below = path.partition(".")
    field = known.get(name)
    if field is None:
        return path
    told = [field.label]
    for part in filter(None, below.split(".")):
        if _ENTRY.fullmatch(part):
            told.append(f"entry {int(part) + 1}")
            field = field.items if field else None
        elif part in (inner := _known(field)):
            field = inner[part]
            told.append(words.small(field.label))
        elif field and field.values:
            told.append(part)
            field = field.values
    return ", ".join(told)
