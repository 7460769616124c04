"""Forms for every shape that a service's options may have."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Any, Literal

import pydantic
import pytest
from django.http import QueryDict
from pydantic import Field

from foundry.contract import Options
from foundry.portal.catalogue import controls, schema, words
from foundry.portal.catalogue.controls import Widget


class _Strand(enum.Enum):
    TOP = "top"
    BOTTOM = "bottom"


class _Buffer(pydantic.BaseModel):
    name: str = Field(default="HF", description="Which.")
    salt_mM: float = Field(default=50, gt=0, le=100)  # noqa: N815


class _Cut(pydantic.BaseModel):
    kind: Literal["cut"]
    enzyme: str


class _Join(pydantic.BaseModel):
    kind: Literal["join"]
    overlap: int


class _All(Options):
    flag: bool = True
    maybe: bool | None = None
    cycles: int = Field(default=30, ge=1, le=99, multiple_of=1, json_schema_extra={"unit": "cycles"})
    ratio: float = 0.5
    limit: int | None = Field(default=5)
    title: str = Field(default="x", min_length=1, max_length=9, pattern="^[a-z]*$")
    code: Literal[1, 11] = 1
    strand: _Strand = _Strand.TOP
    when: datetime.date | None = None
    names: list[str] = ["a"]
    sizes: list[int] = []
    hosts: list[Literal["coli", "yeast"]] = ["coli"]
    buffer: _Buffer = _Buffer()
    other: _Buffer | None = None
    table: dict[str, int] = {}
    word: int | str = "auto"
    step: Annotated[_Cut | _Join, Field(discriminator="kind")] | None = None
    needed: int = Field(description="With `code` in it.")


def _shown(posted: QueryDict | None = None, **values: Any) -> dict[str, controls.Control]:
    made = controls.shown(schema.of(_All), "options", values, posted=posted)
    return {one.name.removeprefix("options."): one for control in made for one in control.flat()}


_WIDGETS = {
    "flag": Widget.CHECK,
    "maybe": Widget.CHOICE,
    "cycles": Widget.NUMBER,
    "ratio": Widget.NUMBER,
    "limit": Widget.NUMBER,
    "title": Widget.TEXT,
    "code": Widget.CHOICE,
    "strand": Widget.CHOICE,
    "when": Widget.TEXT,
    "names": Widget.LINES,
    "sizes": Widget.LINES,
    "hosts": Widget.CHECKS,
    "buffer": Widget.GROUP,
    "buffer.name": Widget.TEXT,
    "buffer.salt_mM": Widget.NUMBER,
    "other": Widget.JSON,
    "table": Widget.JSON,
    "word": Widget.TEXT,
    "step": Widget.JSON,
    "needed": Widget.NUMBER,
}


def test_each_shape_has_its_widget():
    assert {name: control.widget for name, control in _shown().items()} == _WIDGETS


def _as_browser_sends(shown: dict[str, controls.Control]) -> QueryDict:
    posted = QueryDict(mutable=True)
    for control in shown.values():
        if control.widget in (Widget.CHECK, Widget.CHECKS):
            posted.setlist(control.name, sorted(control.chosen))
        elif control.widget is not Widget.GROUP:
            posted[control.name] = control.text
    return posted


def _read(posted: QueryDict) -> tuple[dict[str, Any], list[Any]]:
    return controls.read(controls.shown(schema.of(_All), "options", {}, posted=posted))


_VALUES: dict[str, Any] = {
    "flag": False,
    "maybe": True,
    "cycles": 7,
    "ratio": 0.25,
    "limit": None,
    "title": "abc",
    "code": 11,
    "strand": "bottom",
    "when": "2026-11-22",
    "names": ["p", "q"],
    "sizes": [3, 4],
    "hosts": ["coli", "yeast"],
    "buffer": {"name": "LF", "salt_mM": 10},
    "other": {"name": "none", "salt_mM": 1},
    "table": {"a": 1},
    "word": 12,
    "step": {"kind": "cut", "enzyme": "BsaI"},
    "needed": 1,
}


def test_what_is_shown_comes_back_as_it_was():
    values, faults = _read(_as_browser_sends(_shown(**_VALUES)))
    assert faults == []
    assert values == _VALUES
    assert _All.model_validate(values) == _All.model_validate(_VALUES)


def test_the_defaults_come_back_as_the_defaults():
    values, _ = _read(_as_browser_sends(_shown(needed=1)))
    assert _All.model_validate(values) == _All(needed=1)


def test_what_is_left_empty_is_none_an_empty_value_or_the_default():
    values, _ = _read(QueryDict())
    assert values == {
        "flag": False,
        "maybe": None,
        "limit": None,
        "title": "",
        "when": None,
        "names": [],
        "sizes": [],
        "hosts": [],
        "buffer": {"name": ""},
        "other": None,
        "step": None,
    }


def test_optional_controls_give_only_what_is_said():
    posted = QueryDict("defaults.flag=true&defaults.cycles=&defaults.buffer.name=")
    made = controls.shown(schema.of(_All), "defaults", {}, posted=posted, optional=True)
    assert controls.read(made, optional=True) == ({"flag": True}, [])


def test_a_fault_stands_at_the_deepest_control_that_it_is_in():
    faults = [
        {"where": "options.buffer.salt_mM", "message": "deep"},
        {"where": "options.buffer", "message": "own"},
        {"where": "options.step.cut.enzyme", "message": "inside"},
        {"where": "options.steps", "message": "of another"},
    ]
    made = controls.shown(schema.of(_All), "options", {}, faults=faults)
    found = {one.name: one.errors for control in made for one in control.flat() if one.errors}
    assert found == {"options.buffer.salt_mM": ("deep",), "options.buffer": ("own",), "options.step": ("inside",)}


def test_bounds_become_attributes_and_words():
    shown = _shown()
    assert shown["cycles"].attributes == {"min": "1", "max": "99", "step": "1"}
    assert shown["cycles"].field.unit == "cycles"
    assert shown["title"].attributes == {"minlength": "1", "maxlength": "9", "pattern": "[a-z]*"}
    assert shown["buffer.salt_mM"].attributes == {"max": "100", "step": "any"}
    assert "Over 0, at most 100." in shown["buffer.salt_mM"].hint
    assert (shown["buffer.salt_mM"].field.label, shown["buffer.salt_mM"].field.unit) == ("Salt", "mM")
    assert shown["needed"].hint == "With <code>code</code> in it."
    assert shown["when"].input == "date"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("gc_window", "GC window"),
        ("sodium_mM", "Sodium"),
        ("dntp_mM", "dNTP"),
        ("orf_minimum", "ORF minimum"),
        ("min", "Min"),
    ],
)
def test_names_read_as_the_field_writes_them(name: str, label: str):
    assert words.label(name) == label


def test_a_schema_that_holds_itself_ends():
    class Node(pydantic.BaseModel):
        children: list[Node] = []

    Node.model_rebuild(_types_namespace={"Node": Node})
    rows = [row.path for field in schema.of(Node) for row in field.rows()]
    assert 1 <= len(rows) < 20


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "under 1 s"), (1, "1 second"), (59, "59 seconds"), (130, "2 minutes"), (8000, "2 hours")],
)
def test_durations_in_words(seconds: float, said: str):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.00023, "0.23 ms"), (0.0352, "35 ms"), (4, "4 s"), (200, "3 minutes")])
def test_times_of_one_item(seconds: float, said: str):
    assert words.each(seconds) == said


@pytest.mark.parametrize(("usd", "said"), [(12.345, "$12.35"), (0.00034, "$0.00034"), (1e-9, "less than $0.000001")])
def test_costs(usd: float, said: str):
    assert words.money(usd) == said
