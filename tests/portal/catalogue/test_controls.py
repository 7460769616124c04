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
from foundry.portal.catalogue import controls, schema, told, words
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


class Every(Options):
    flag: bool = True
    maybe: bool | None = None
    cycles: int = Field(default=30, ge=1, le=99, multiple_of=1, json_schema_extra={"unit": "cycles"})
    ratio: float = 0.5
    limit: int | None = Field(default=5)
    title: str = Field(default="x", min_length=1, max_length=9, pattern="^[a-z]*$")
    code: Literal[1, 11] = 1
    strand: _Strand = _Strand.TOP
    note: str = "free"
    pause: datetime.timedelta = datetime.timedelta(minutes=5)
    when: datetime.date | None = None
    at: datetime.datetime | None = None
    clock: datetime.time = datetime.time(8, 30)
    names: list[str] = ["a"]
    sizes: list[int] = []
    hosts: list[Literal["coli", "yeast"]] = ["coli"]
    buffer: _Buffer = _Buffer()
    other: _Buffer | None = None
    table: dict[str, int] = {}
    buffers: dict[str, _Buffer] = {}
    word: int | str = "auto"
    step: Annotated[_Cut | _Join, Field(discriminator="kind")] | None = None
    needed: int = Field(description="With `code` in it.")


def _shown(posted: QueryDict | None = None, **values: Any) -> dict[str, controls.Control]:
    made = controls.shown(schema.of(Every), "options", values, posted=posted)
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
    "note": Widget.TEXT,
    "pause": Widget.TEXT,
    "when": Widget.TEXT,
    "at": Widget.MOMENT,
    "clock": Widget.TEXT,
    "names": Widget.LINES,
    "sizes": Widget.LINES,
    "hosts": Widget.CHECKS,
    "buffer": Widget.GROUP,
    "buffer.name": Widget.TEXT,
    "buffer.salt_mM": Widget.NUMBER,
    "other": Widget.JSON,
    "table": Widget.JSON,
    "buffers": Widget.JSON,
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
        elif control.widget is Widget.MOMENT and control.input != "text":
            posted[control.name] = control.local
            posted[f"{control.name}.zone"] = next(zone for zone, _, chosen in control.zones if chosen)
        elif control.widget is not Widget.GROUP:
            posted[control.name] = control.text
    return posted


def _read(posted: QueryDict) -> tuple[dict[str, Any], list[Any]]:
    return controls.read(controls.shown(schema.of(Every), "options", {}, posted=posted))


_VALUES: dict[str, Any] = {
    "flag": False,
    "maybe": True,
    "cycles": 7,
    "ratio": 0.25,
    "limit": None,
    "title": "abc",
    "code": 11,
    "strand": "bottom",
    "note": " two\nlines\n",
    "pause": "PT30M",
    "when": "2026-11-22",
    "at": "2026-01-02T03:04:05+02:00",
    "clock": "08:30:00Z",
    "names": ["p", "q"],
    "sizes": [3, 4],
    "hosts": ["coli", "yeast"],
    "buffer": {"name": "LF", "salt_mM": 10},
    "other": {"name": "none", "salt_mM": 1},
    "table": {"a": 1},
    "buffers": {"my_1": {"name": "HF", "salt_mM": 5}},
    "word": 12,
    "step": {"kind": "cut", "enzyme": "BsaI"},
    "needed": 1,
}


def test_what_is_shown_comes_back_as_it_was():
    values, faults = _read(_as_browser_sends(_shown(**_VALUES)))
    assert faults == []
    assert values == _VALUES
    assert Every.model_validate(values) == Every.model_validate(_VALUES)


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-02T03:04",
        "2026-01-02T03:04:00Z",
        "2026-01-02T03:04:05.678-11:30",
        "2026-01-02T03:04:05.678901Z",  # which no input for dates and times keeps
        "P1Y",  # an example may be wrong, and is to be put right
    ],
)
def test_a_date_and_time_keeps_its_zone(at: str):
    values, _ = _read(_as_browser_sends(_shown(at=at)))
    assert values["at"] == at


def test_a_zone_is_chosen_where_none_is_said():
    assert [zone for zone, _, chosen in _shown()["at"].zones if chosen] == ["Z"]
    assert ("", "no time zone", False) in _shown()["at"].zones


@pytest.mark.parametrize("zone", ["+01:00", "-03:30", "+05:45", "+14:00", "+00:00", "-00:44"])
def test_a_zone_is_that_of_any_place_or_the_one_that_is_there(zone: str):
    zones = _shown(at=f"2026-01-02T03:04:00{zone}")["at"].zones
    assert [one for one in zones if one[2]] == [(zone, f"UTC{zone}", True)]
    assert zones[:2] == [("Z", "UTC", False), ("", "no time zone", False)]
    assert ("+01:00", "UTC+01:00", zone == "+01:00") in zones


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("when", "2026-11-22", "date"),
        ("when", "tomorrow", "text"),
        ("clock", "08:30", "time"),
        ("clock", "08:30:00+01:00", "text"),
        ("ratio", 1e-7, "number"),
        ("ratio", "many", "text"),
        ("at", "2026-11-22T08:30Z", "datetime-local"),
        ("at", "2026-11-22T08:30:00.123456Z", "text"),
    ],
)
def test_no_input_is_one_that_would_empty_itself(name: str, value: Any, kind: str):
    assert _shown(**{name: value})[name].input == kind


@pytest.mark.parametrize("entry", ["a\nb", " a", "", '"a"', "\u2028"])
def test_an_entry_that_is_no_line_comes_back_as_it_was(entry: str):
    values, _ = _read(_as_browser_sends(_shown(names=["p", entry])))
    assert values["names"] == ["p", entry]


def test_a_text_of_digits_stays_one_where_a_number_may_stand_too():
    assert _read(_as_browser_sends(_shown(word="007")))[0]["word"] == "007"


def test_the_defaults_come_back_as_the_defaults():
    values, _ = _read(_as_browser_sends(_shown(needed=1)))
    assert Every.model_validate(values) == Every(needed=1)


def test_what_is_left_empty_is_none_an_empty_value_or_the_default():
    values, _ = _read(QueryDict())
    assert values == {
        "flag": False,
        "maybe": None,
        "limit": None,
        "note": "",
        "when": None,
        "at": None,
        "names": [],
        "sizes": [],
        "hosts": [],
        "buffer": {"name": ""},
        "other": None,
        "step": None,
    }


def test_optional_controls_give_only_what_is_said():
    posted = QueryDict("defaults.flag=true&defaults.cycles=&defaults.buffer.name=")
    made = controls.shown(schema.of(Every), "defaults", {}, posted=posted, optional=True)
    assert controls.read(made, optional=True) == ({"flag": True}, [])


def test_a_fault_stands_at_the_deepest_control_that_it_is_in():
    faults = [
        {"where": "options.buffer.salt_mM", "message": "deep"},
        {"where": "options.buffer", "message": "own"},
        {"where": "options.step.cut.enzyme", "message": "inside"},
        {"where": "options.steps", "message": "of another"},
    ]
    made = controls.shown(schema.of(Every), "options", {}, faults=faults)
    found = {one.name: one.errors for control in made for one in control.flat() if one.errors}
    assert found == {"options.buffer.salt_mM": ("Deep.",), "options.buffer": ("Own.",), "options.step": ("Inside.",)}


def test_bounds_become_attributes_and_words():
    shown = _shown()
    assert shown["cycles"].attributes == {"min": "1", "max": "99", "step": "1"}
    assert shown["cycles"].field.unit == "cycles"
    assert shown["title"].attributes == {"minlength": "1", "maxlength": "9", "pattern": "[a-z]*"}
    assert shown["buffer.salt_mM"].attributes == {"max": "100", "step": "any"}
    assert "Over 0, at most 100." in shown["buffer.salt_mM"].hint
    assert (shown["buffer.salt_mM"].field.label, shown["buffer.salt_mM"].field.unit) == ("Salt", "mM")
    assert shown["needed"].hint == "With “Code” in it."
    assert shown["when"].input == "date"


def test_a_number_that_was_kept_as_50_0_is_shown_as_50():
    assert [_shown(ratio=ratio)["ratio"].text for ratio in (50.0, 0.5, 1e22)] == ["50", "0.5", "1e+22"]


def test_descriptions_and_messages_speak_of_labels():
    fields = schema.of(Every)
    assert told.sentence("At most `cycles`, `pH` or limit_mM.", fields) == "At most “Cycles”, `pH` or limit_mM."
    unknown = (
        "buffer.salt_mM: this is needed and was not given; give it in the item, or in `defaults` if all items share it."
    )
    assert told.message(unknown, fields) == "Buffer, salt: this is needed and was not given."


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


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [
        (1, 4, "1 to 4 seconds"),
        (0.2, 4, "under 1 s to 4 seconds"),
        (40, 130, "40 seconds to 2 minutes"),
        (7, 7.1, "7 seconds"),
    ],
)
def test_two_estimates_are_told_as_one_span(least, most, said):
    assert words.between(least, most) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.00023, "0.23 ms"), (0.0352, "35 ms"), (0.9996, "1 s"), (4, "4 s"), (200, "3 minutes")]
)
def test_times_of_one_item(seconds: float, said: str):
    assert words.each(seconds) == said


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (12.345, "$12.35"),
        (1234.5, "$1,234.50"),
        (0.0999, "$0.10"),
        (0.0994, "$0.099"),
        (0.00034, "$0.00034"),
        (1e-9, "less than $0.000001"),
        (0, "$0.00"),
    ],
)
def test_costs(usd: float, said: str):
    assert words.money(usd) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1_000_000, "1,000,000"),
        (12345678901234567890, "12,345,678,901,234,567,890"),
        (0.5, "0.5"),
        (2e-7, "2e-7"),
        (1234.5678, "1,234.57"),
        (1234567.8, "1,234,568"),
        (1e21, "1e21"),
        (3.0, "3"),
        (True, "True"),
        ("x", "x"),
    ],
)
def test_numbers_as_people_write_them(value: Any, said: str):
    assert words.figure(value) == said


@pytest.mark.parametrize(("count", "said"), [(128 * 1024 * 1024, "128 MiB"), (4_500_000, "4.5 MB")])
def test_sizes_of_files(count: int, said: str):
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("some", "total", "said"),
    [
        (1, 1, "1 of 1 item has"),
        (1, 9, "1 of 9 items has"),
        (0, 1, "0 of 1 item has"),
        (2, 1000, "2 of 1,000 items have"),
    ],
)
def test_shares_of_items(some: int, total: int, said: str):
    assert words.share(some, total) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("buffer.salt_mM", None, "none"),
        ("buffer.salt_mM", 0.5, "0.5 mM"),
        ("cycles", 7, "7 cycles"),
        ("flag", False, "no"),
        ("at", "2027-05-06T07:08:00", "6 May 2027, 07:08"),
        ("at", "2027-05-06T07:08:09Z", "6 May 2027, 07:08:09 UTC"),
        ("at", "2027-05-06T07:08:00+02:00", "6 May 2027, 07:08 +02:00"),
        ("names", [], "none"),
        ("names", ["a", "b"], "a, b"),
        ("other", {"name": "HF", "salt_mM": 1.5}, "Name: HF, Salt: 1.5 mM"),
        ("step", {"kind": "join", "overlap": 20}, "Kind: join, Overlap: 20"),
        ("table", {"a": 1, "gc_mM": 2}, "a: 1, gc_mM: 2"),
        ("buffers", {"my_1": {"name": "HF", "salt_mM": 5}}, "my_1: Name: HF, Salt: 5 mM"),
    ],
)
def test_values_are_told_with_labels_and_units(name: str, value: Any, said: str):
    assert told.value(value, _shown()[name].field) == said


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("gc_x: it is. ratio: it must be a number.", "gc_x: it is. Ratio: it must be a number."),
        ("a.fa, line 3: buffer.salt_mM: it must be over 0.", "a.fa, line 3: Buffer, salt: it must be over 0."),
        ("sizes.2: it must be a whole number.", "Sizes, entry 3: it must be a whole number."),
        ("buffers.my_1.salt_mM: it must be over 0.", "Buffers, my_1, salt: it must be over 0."),
        ("It says ratio: no more.", "It says ratio: no more."),
    ],
)
def test_messages_name_fields_by_their_labels(message: str, said: str):
    assert told.message(message, schema.of(Every)) == said


def test_choices_have_the_names_that_the_schema_gives_them():
    class Named(pydantic.BaseModel):
        host: Literal["e_coli", "other"] = Field(default="e_coli", json_schema_extra={"names": {"e_coli": "E. coli"}})

    (host,) = controls.shown(schema.of(Named), "options", {})
    assert host.choices == [("e_coli", "E. coli", True), ("other", "other", False)]
    assert (host.field.type, host.field.shown_default) == ("E. coli, other", "E. coli")
    assert told.value("e_coli", host.field) == "E. coli"
