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

from foundry.portal.catalogue import told, words
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
    #: A date and time, with a zone of its own.
    MOMENT = "moment"
    #: A list, one entry a line.
    LINES = "lines"
    #: What no other control fits.
    JSON = "json"
    GROUP = "group"


_SCALARS = (Kind.INTEGER, Kind.NUMBER, Kind.TEXT)
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_INPUTS = {"date": "date", "time": "time", "email": "email", "uri": "url"}
#: What browsers keep in inputs of those types; they empty them of anything else without a word.
_KEPT = {
    "number": re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "time": re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?"),
}
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d|)")
_UTC = "Z"
#: The others that clocks on earth are set to, in summer or in winter, from west to east.
_OFFSETS = (
    *("-12:00", "-11:00", "-10:00", "-09:30", "-09:00", "-08:00", "-07:00", "-06:00", "-05:00", "-04:00", "-03:30"),
    *("-03:00", "-02:30", "-02:00", "-01:00", "+01:00", "+02:00", "+03:00", "+03:30", "+04:00", "+04:30", "+05:00"),
    *("+05:30", "+05:45", "+06:00", "+06:30", "+07:00", "+08:00", "+08:45", "+09:00", "+09:30", "+10:00", "+10:30"),
    *("+11:00", "+12:00", "+12:45", "+13:00", "+13:45", "+14:00"),
)
#: The part of a moment's control that says the zone.
_ZONE = "zone"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field of the form; `name` is where the platform says its faults are: "options.gc_window"."""

    name: str
    field: Field
    widget: Widget
    #: What the field means, in the words of the form.
    help: str = ""
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
        if self.widget is Widget.MOMENT and self.input == "text":
            shape = "Such as 2026-11-22T13:45Z."
        bounds = f"{self.field.bounds[:1].upper()}{self.field.bounds[1:]}." if self.field.bounds else ""
        return words.prose(" ".join(filter(None, (self.help, bounds, shape))))

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Value, words, and whether it is chosen."""
        if self.field.kind is Kind.FLAG:
            found = [("true", "yes"), ("false", "no")]
        else:
            source = self.field.items if self.widget is Widget.CHECKS and self.field.items else self.field
            found = [(str(choice), source.choice(choice)) for choice in source.choices]
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
        """The type of its input: the one that fits the field, unless a browser would not keep its text in that."""
        if self.widget is Widget.MOMENT:
            return "text" if self.text and not _MOMENT.fullmatch(self.text) else "datetime-local"
        fitting = "number" if self.widget is Widget.NUMBER else _INPUTS.get(self.field.schema.get("format", ""), "text")
        kept = _KEPT.get(fitting)
        return "text" if kept and self.text and not kept.fullmatch(self.text) else fitting

    @property
    def has_lines(self) -> bool:
        """Whether its text needs room for several lines, which an input would join."""
        return "\n" in self.text

    @property
    def local(self) -> str:
        """A moment without its zone."""
        found = _MOMENT.fullmatch(self.text)
        return f"{found[1]}T{found[2]}" if found else self.text

    @property
    def zones(self) -> list[tuple[str, str, bool]]:
        """In which a moment may be: value, words, and whether it is chosen."""
        found = _MOMENT.fullmatch(self.text)
        chosen = found[3] if found else _UTC
        zones = {_UTC: "UTC", "": "no time zone"}
        zones |= {offset: f"UTC{offset}" for offset in (*_OFFSETS, chosen) if offset not in zones}
        return [(zone, shown, zone == chosen) for zone, shown in zones.items()]

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
            return Widget.MOMENT if field.schema.get("format") == "date-time" else Widget.TEXT
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
    fields = tuple(fields)
    made = (
        _control(field, f"{prefix}.{field.name}", values, posted=posted, faults=faults, optional=optional)
        for field in fields
    )
    return tuple(dataclasses.replace(one, help=told.sentence(one.field.help, fields)) for one in made)


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
        errors=tuple(words.sentence(str(fault["message"])) for fault in own),
        controls=inner,
        empty=_empty(field, optional=optional),
    )


def _is_in(fault: Fault, name: str) -> bool:
    where = str(fault["where"])
    return where == name or where.startswith(f"{name}.")


def _empty(field: Field, *, optional: bool) -> str | None:
    if optional:
        return "as each item says"
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
            return "\n".join(_line(one) for one in value), frozenset()
        case Widget.JSON:
            return as_text(value), frozenset()
        case Widget.NUMBER:
            return _plain(value), frozenset()
        case _:
            return str(value), frozenset()


def _plain(number: Any) -> str:
    """A whole number without the ".0" with which it was kept."""
    return str(number).removesuffix(".0")


def _line(entry: Any) -> str:
    """An entry of a list; a text that a line by itself would not keep, as JSON."""
    text = str(entry)
    is_kept = text == text.strip() and len(text.splitlines()) == 1 and not text.startswith('"')
    return text if is_kept else json.dumps(text)


def _unlined(line: str) -> str:
    """The entry of a line."""
    try:
        return str(json.loads(line)) if line.startswith('"') else line
    except ValueError:
        return line


def _typed(kind: Widget, name: str, posted: QueryDict) -> tuple[str, frozenset[str]]:
    text = posted.get(name, "").replace("\r\n", "\n")  # as browsers send the lines of a text
    if kind is Widget.MOMENT and text:
        text += posted.get(f"{name}.{_ZONE}", "")
    return text, frozenset(posted.getlist(name) if kind in _CHOSEN else ())


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
            lines = (line.strip() for line in text.splitlines())
            return [_scalar(field.items or field, _unlined(line)) for line in lines if line]
        case Widget.JSON:
            return from_json(text, allow_inf_nan=False)
        case Widget.CHOICE:
            return _choice(field, text)
        case _:
            return _scalar(field, control.text if control.has_lines else text)


def _nothing(control: Control) -> Any:
    """What an empty control means: an empty value where that is one, and else what the default says."""
    if control.field.nullable:
        return None
    if control.widget in (Widget.LINES, Widget.CHECKS):
        return []
    return "" if control.field.kind is Kind.TEXT and _may_be_empty(control.field.schema) else NONE


def _may_be_empty(text: Mapping[str, Any]) -> bool:
    """Whether a schema of texts takes the empty one. A pattern that Python cannot read is taken to."""
    try:
        fits = re.search(text.get("pattern", ""), "") is not None
    except re.error:
        fits = True
    return fits and "format" not in text and not text.get("minLength")


def _choice(field: Field, word: str) -> Any:
    """The value that is shown as the word; a word that is no choice goes on as it is, to be refused in words."""
    if field.kind is Kind.FLAG:
        return {"true": True, "false": False}.get(word, word)
    return next((choice for choice in field.choices if str(choice) == word), word)


def _scalar(field: Field, text: str) -> Any:
    if field.kind in _NUMBERS:
        return _number(text)
    # Where a text may stand too, "007" is one.
    may_be = any(one.kind in _NUMBERS for one in field.variants) and str(_number(text)) == text
    return _number(text) if may_be else text


def _number(text: str) -> Any:
    """The number, or the text as it is if it is none, to be refused in words."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
