"""The controls of a form, one for each field of a schema, and the values that come back from them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString
from pydantic_core import from_json

from foundry.portal.catalogue import words
from foundry.portal.catalogue.schema import NONE, Field, Kind, as_text

#: A fault as the platform tells it: where, a dotted path, and what.
type Fault = Mapping[str, Any]


class Widget(StrEnum):
    """What people use to give a value."""

    CHECK = "check"
    #: One of several, or several of them.
    CHOICE = "choice"
    CHECKS = "checks"
    NUMBER = "number"
    TEXT = "text"
    #: A list, one entry a line.
    LINES = "lines"
    #: What no other control fits.
    JSON = "json"
    GROUP = "group"


_SCALARS = (Kind.INTEGER, Kind.NUMBER, Kind.TEXT)
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_INPUTS = {"date": "date", "time": "time", "date-time": "datetime-local", "email": "email", "uri": "url"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field of the form; `name` is where the platform says its faults are: "options.gc_window"."""

    name: str
    field: Field
    widget: Widget
    #: What it shows: text, or the words that are chosen.
    text: str = ""
    chosen: frozenset[str] = frozenset()
    errors: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    #: That nothing need be given, and what is shown then.
    empty: str | None = None

    @property
    def id(self) -> str:
        return re.sub(r"\W", "-", self.name)

    @property
    def described_by(self) -> str:
        """The ids of its help and of its errors."""
        return f"{self.id}-help {self.id}-errors" if self.hint else f"{self.id}-errors"

    @property
    def hint(self) -> SafeString:
        """What the field means, and its bounds, as HTML."""
        shape = {Widget.LINES: "One a line.", Widget.JSON: "As JSON."}.get(self.widget, "")
        bounds = f"{self.field.bounds[:1].upper()}{self.field.bounds[1:]}." if self.field.bounds else ""
        return words.prose(" ".join(filter(None, (self.field.help, bounds, shape))))

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Value, words, and whether it is chosen."""
        if self.field.kind is Kind.FLAG:
            found = [("true", "yes"), ("false", "no")]
        else:
            source = self.field.items if self.widget is Widget.CHECKS and self.field.items else self.field
            found = [(str(choice), str(choice)) for choice in source.choices]
        return [(value, shown, value in self.chosen) for value, shown in found]

    @property
    def attributes(self) -> dict[str, str]:
        """Of its input."""
        schema = self.field.schema
        if self.widget is Widget.NUMBER:
            step = schema.get("multipleOf", 1 if self.field.kind is Kind.INTEGER else "any")
            known = {"min": schema.get("minimum"), "max": schema.get("maximum"), "step": step}
        else:
            known = {"minlength": schema.get("minLength"), "maxlength": schema.get("maxLength")}
            known["pattern"] = _whole(schema.get("pattern", ""))
        return {name: str(value) for name, value in known.items() if value is not None}

    @property
    def input(self) -> str:
        """The type of its input."""
        return "number" if self.widget is Widget.NUMBER else _INPUTS.get(self.field.schema.get("format", ""), "text")

    def flat(self) -> Iterator[Control]:
        """The control and those in it."""
        yield self
        for control in self.controls:
            yield from control.flat()


def _whole(pattern: str) -> str | None:
    """A pattern that HTML understands: one for the whole value."""
    return pattern[1:-1] if pattern.startswith("^") and pattern.endswith("$") else None


def widget(field: Field, *, optional: bool = False) -> Widget:
    """What fits the field; where it is optional, it can be left open."""
    match field.kind:
        case Kind.FLAG:
            return Widget.CHOICE if field.nullable or optional else Widget.CHECK
        case Kind.CHOICE:
            return Widget.CHOICE
        case Kind.INTEGER | Kind.NUMBER:
            return Widget.NUMBER
        case Kind.TEXT:
            return Widget.TEXT
        case Kind.LIST if field.items and field.items.kind is Kind.CHOICE:
            return Widget.CHECKS
        case Kind.LIST if field.items and field.items.kind in _SCALARS:
            return Widget.LINES
        case Kind.OBJECT if not field.nullable and field.fields:
            return Widget.GROUP
        case Kind.ANY if field.variants and all(one.kind in _SCALARS for one in field.variants):
            return Widget.TEXT
        case _:
            return Widget.JSON


def shown(
    fields: Iterable[Field],
    prefix: str,
    values: Mapping[str, Any],
    *,
    posted: QueryDict | None = None,
    faults: Sequence[Fault] = (),
    optional: bool = False,
) -> tuple[Control, ...]:
    """The controls with what was typed into them, else with the values, else with the defaults."""
    return tuple(
        _control(field, f"{prefix}.{field.name}", values, posted=posted, faults=faults, optional=optional)
        for field in fields
    )


def _control(
    field: Field,
    name: str,
    values: Mapping[str, Any],
    *,
    posted: QueryDict | None,
    faults: Sequence[Fault],
    optional: bool,
) -> Control:
    kind = widget(field, optional=optional)
    value = values.get(field.name, NONE if optional else field.default)
    text, chosen = _typed(kind, name, posted) if posted is not None else _initial(kind, value)
    inner: tuple[Control, ...] = ()
    if kind is Widget.GROUP:
        within = value if isinstance(value, Mapping) else {}
        inner = shown(field.fields, name, within, posted=posted, faults=faults, optional=optional)
    deeper = tuple(one.name for control in inner for one in control.flat())
    own = [fault for fault in faults if _is_in(fault, name) and not any(_is_in(fault, one) for one in deeper)]
    return Control(
        name=name,
        field=field,
        widget=kind,
        text=text,
        chosen=chosen,
        errors=tuple(str(fault["message"]) for fault in own),
        controls=inner,
        empty=_empty(field, optional=optional),
    )


def _is_in(fault: Fault, name: str) -> bool:
    where = str(fault["where"])
    return where == name or where.startswith(f"{name}.")


def _empty(field: Field, *, optional: bool) -> str | None:
    if optional:
        return "as each record says"
    if field.nullable:
        return "none"
    return "choose one" if field.default is NONE and field.kind is Kind.CHOICE else None


def _initial(kind: Widget, value: Any) -> tuple[str, frozenset[str]]:
    if value is NONE or value is None:
        return "", frozenset()
    match kind:
        case Widget.CHECK | Widget.CHOICE:
            word = json.dumps(value) if isinstance(value, bool) else str(value)
            return word, frozenset([word])
        case Widget.CHECKS:
            return "", frozenset(map(str, value))
        case Widget.LINES:
            return "\n".join(map(str, value)), frozenset()
        case Widget.JSON:
            return as_text(value), frozenset()
        case _:
            return str(value), frozenset()


def _typed(kind: Widget, name: str, posted: QueryDict) -> tuple[str, frozenset[str]]:
    return posted.get(name, ""), frozenset(posted.getlist(name) if kind in _CHOSEN else ())


_CHOSEN = (Widget.CHECK, Widget.CHOICE, Widget.CHECKS)


def read(controls: Iterable[Control], *, optional: bool = False) -> tuple[dict[str, Any], list[Fault]]:
    """What was given, by the fields' names. What is left empty is not there, so that its default applies."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for control in controls:
        try:
            value = _value(control, faults, optional=optional)
        except ValueError as error:
            faults.append({"where": control.name, "message": f"This is not JSON: {error}."})
        else:
            if value is not NONE:
                values[control.field.name] = value
    return values, faults


def _value(control: Control, faults: list[Fault], *, optional: bool) -> Any:
    field, text = control.field, control.text.strip()
    match control.widget:
        case Widget.CHECK:
            return "true" in control.chosen
        case Widget.GROUP:
            values, inner = read(control.controls, optional=optional)
            faults += inner
            return NONE if optional and not values else values
        case _ if not text:
            return NONE if optional else _nothing(control)
        case Widget.CHECKS:
            return [_choice(field.items or field, word) for word in sorted(control.chosen)]
        case Widget.LINES:
            return [_scalar(field.items or field, line.strip()) for line in text.splitlines() if line.strip()]
        case Widget.JSON:
            return from_json(text, allow_inf_nan=False)
        case Widget.CHOICE:
            return _choice(field, text)
        case _:
            return _scalar(field, text)


def _nothing(control: Control) -> Any:
    """What an empty control means: an empty value where that is one, and else what the default says."""
    if control.field.nullable:
        return None
    if control.widget in (Widget.LINES, Widget.CHECKS):
        return []
    return "" if control.field.kind is Kind.TEXT and control.input == "text" else NONE


def _choice(field: Field, word: str) -> Any:
    """The value that is shown as the word; a word that is no choice goes on as it is, to be refused in words."""
    if field.kind is Kind.FLAG:
        return {"true": True, "false": False}.get(word, word)
    return next((choice for choice in field.choices if str(choice) == word), word)


def _scalar(field: Field, text: str) -> Any:
    numbers = field.kind in _NUMBERS or any(one.kind in _NUMBERS for one in field.variants)
    return _number(text) if numbers else text


def _number(text: str) -> Any:
    """The number, or the text as it is if it is none, to be refused in words."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
