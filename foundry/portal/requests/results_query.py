"""What the table of results shows, as its address says: `?q=pUC&state=failed&f=length:ge:500&sort=-length&page=2`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

from django.http import QueryDict

from foundry.core import result_moments
from foundry.core.result_columns import NAME, STATE, STATES
from foundry.core.result_schema import Kind
from foundry.core.result_table import Condition, Query
from foundry.portal.catalogue import told, words
from foundry.portal.requests.results_cells import Heading

PAGE = 50
_MOST_CONDITIONS = 10

#: Comparisons in the words of the form, and as the list of conditions writes them.
OPERATIONS = {
    "ge": ("is at least", "≥"),
    "gt": ("is over", ">"),
    "le": ("is at most", "≤"),
    "lt": ("is under", "<"),
    "is": ("is", "is"),
    "has": ("contains", "contains"),
}
#: What every table can be sorted by; nothing is the position.
_ALWAYS = ("", NAME, STATE)
_FLAGS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


class ConditionError(ValueError):
    """A condition that makes no sense; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """A condition of the table, with its words and the address of the table without it."""

    text: str
    without: str


class TableAddress:
    """The address of a table of these columns. What it has and makes no sense is left out and said in `problem`."""

    def __init__(self, asked: QueryDict, columns: Sequence[Heading]) -> None:
        self.columns: Mapping[str, Heading] = {column.path: column for column in columns}
        self.name = asked.get("q", "").strip().replace("\0", "")[:200]
        self.state = asked.get("state", "") if asked.get("state") in STATES else ""
        sort = asked.get("sort", "")
        #: A column's path, NAME or STATE, or nothing for the position; downwards with a hyphen before it.
        self.sort = sort if sort.removeprefix("-") in (*self.columns, *_ALWAYS) else ""
        self.page = max(int(page), 1) if (page := asked.get("page", "1")[:9]).isdecimal() else 1
        self.problem, self.conditions = "", list[str]()
        for condition in asked.getlist("f")[:_MOST_CONDITIONS]:
            self._add(condition)
        #: What was chosen and typed for a condition more, which the form shows again if it makes no sense.
        self.column, self.operation = asked.get("column", ""), asked.get("op", "")
        self.value = asked.get("value", "").strip()[:100]
        #: Whether the form has added a condition, so that the address is another one than asked for.
        self.has_new = bool(self.column or self.value)
        if self.has_new:
            self._add(f"{self.column}:{self.operation}:{self.value}")

    def _add(self, condition: str) -> None:
        try:
            self._read(condition)
        except ConditionError as error:
            self.problem = str(error)
        else:
            self.conditions += [condition] * (condition not in self.conditions)

    def _read(self, condition: str) -> tuple[Condition, ...]:
        """What it asks of a row, which may be two things. Raises ConditionError."""
        path, operation, value = [*condition.replace("\0", "").split(":", 2), "", ""][:3]
        column = self.columns.get(path)
        if column is None:
            raise ConditionError(f"Choose the column that is to be compared with {value[:40]}.")
        if operation not in OPERATIONS or not value:
            raise ConditionError(f"Choose how to compare {column.title}, and give a value.")
        if column.kind is Kind.TEXT:
            if operation not in ("is", "has"):
                raise ConditionError(f"{column.title} is a text: it can be compared by 'is' and 'contains' only.")
            return (Condition(path, operation, value),)
        if column.kind is Kind.MOMENT:
            return tuple(_of_time(column, operation, value))
        return (Condition(path, "eq" if operation == "is" else operation, _number(column, operation, value)),)

    @property
    def query(self) -> Query:
        return Query(
            conditions=tuple(one for condition in self.conditions for one in self._read(condition)),
            name=self.name,
            state=self.state,
            sort=self.sort.removeprefix("-"),
            descending=self.sort.startswith("-"),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.conditions or self.name or self.state)

    @property
    def shown(self) -> list[Shown]:
        """The conditions in words."""
        return [self._shown(condition) for condition in self.conditions]

    def _shown(self, condition: str) -> Shown:
        path, operation, value = condition.split(":", 2)
        others = [one for one in self.conditions if one != condition]
        text = f"{self.columns[path].title} {OPERATIONS[operation][1]} {_told(self.columns[path], value)}"
        return Shown(text, self.to(conditions=others))

    def to(self, *, conditions: Sequence[str] | None = None, sort: str | None = None, page: int = 1) -> str:
        """The address with that changed; without another page it is the first."""
        address = QueryDict(mutable=True)
        for name, value in (("q", self.name), ("state", self.state), ("sort", self.sort if sort is None else sort)):
            if value:
                address[name] = value
        address.setlist("f", list(self.conditions if conditions is None else conditions))
        if page > 1:
            address["page"] = str(page)
        return f"?{address.urlencode(safe=':')}"

    @property
    def kept(self) -> str:
        """What is added to the addresses of other pages, so that they lead back to the table as it is."""
        return address if (address := self.to()) != "?" else ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same for forms that lead to other pages."""
        return [(name, value) for name, values in QueryDict(self.to()[1:]).lists() for value in values]

    def sorted_by(self, path: str) -> str:
        """The address sorted by that column: upwards, then downwards, then not."""
        following = {path: f"-{path}", f"-{path}": ""}
        return self.to(sort=following.get(self.sort, path))


def _of_time(column: Heading, operation: str, value: str) -> Iterator[Condition]:
    """A day lasts until the next: at most the 5th of November is before the 6th, and over it from the 6th on."""
    if operation == "has":
        raise ConditionError(f"{column.title} is a date: compare it by 'is at least', 'is at most' and the like.")
    try:
        start, end = result_moments.span(value)
    except (ValueError, OverflowError):
        how = "2026-11-05" if column.is_date else "2026-11-05, or 2026-11-05 14:30, or 2026-11-05 14:30 +02:00"
        raise ConditionError(f"{column.title} is a date, and {value[:40]!r} is none: write it as {how}.") from None
    if operation in ("ge", "is"):
        yield Condition(column.path, "ge", start)
    if operation in ("le", "is"):
        yield Condition(column.path, "lt", end)
    if operation == "gt":
        yield Condition(column.path, "ge", end)
    if operation == "lt":
        yield Condition(column.path, "lt", start)


def _number(column: Heading, operation: str, value: str) -> float:
    if column.kind is Kind.FLAG:
        if operation != "is" or value.lower() not in _FLAGS:
            raise ConditionError(f"{column.title} is yes or no: choose 'is', and give yes or no.")
        return _FLAGS[value.lower()]
    try:
        found = _figure(column, value)
    except ValueError:
        of = "a number from 0 to 1, or a percentage" if column.is_fraction else "a number"
        raise ConditionError(f"{column.title} is {of}, and {value[:40]!r} is none.{_advice(value)}") from None
    if operation == "has" or found != found:
        raise ConditionError(f"{column.title} is a number: compare it by 'is at least', 'is at most' and the like.")
    return found


def _advice(value: str) -> str:
    return " Write it with a decimal point, as in 1,234.5." if "," in value else ""


def _figure(column: Heading, text: str) -> float:
    """Raises ValueError. Fractions may be given as percentages."""
    if column.is_fraction and text.endswith("%"):
        return _decimal(text.removesuffix("%")) / 100
    return _decimal(text)


#: Commas between thousands as pages write them; and one that can only be a decimal one: 0,5 and 0,500 and 62,25.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(0?,\d+|\d*,(?!\d{3}$)\d+)")


def _decimal(text: str) -> float:
    """Raises ValueError."""
    figures = text.replace(" ", "")
    if _THOUSANDS.fullmatch(figures):
        return float(figures.replace(",", ""))
    return float(figures.replace(",", ".") if _DECIMAL_COMMA.fullmatch(figures) else figures)


def _told(column: Heading, value: str) -> str:
    """The value of a condition as it was understood."""
    if column.kind is not Kind.NUMBER:
        return told.moment(value) if column.kind is Kind.MOMENT else value
    if value.endswith("%"):
        return f"{words.figure(_decimal(value.removesuffix('%')), digits=12)}%"
    return words.figure(_decimal(value), digits=12)
