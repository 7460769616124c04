"""Values of results as texts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.safestring import SafeString

from foundry.contract import Service, value_at
from foundry.core.result_schema import Kind, field_at
from foundry.core.result_table import TableRow
from foundry.portal.catalogue import schema, told, words

#: Significant digits of the largest number of a column of fractions, and of the smallest.
_DIGITS, _FEWEST = 4, 2
#: What would need more decimals is told with a power of ten.
_MOST_DECIMALS = 6
_HUGE = 1e15
#: Letters of a text that a cell shows; the item's page has all.
_LETTERS = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Heading:
    """A column of the service as the table shows it."""

    title: str
    path: str
    kind: Kind
    help: str = ""
    is_fraction: bool = False
    is_date: bool = False

    @property
    def prose(self) -> SafeString:
        """What it means, as HTML."""
        return words.prose(self.help)

    @property
    def is_number(self) -> bool:
        return self.kind is Kind.NUMBER


def headings(service: Service | None) -> list[Heading]:
    """The service's columns; none if there is no such service any more."""
    columns = service.columns if service else ()
    found = [(column, field_at(service, column.path)) for column in columns] if service else []
    return [
        Heading(column.title, column.path, field.kind, field.description, field.is_fraction, field.is_date)
        for column, field in found
    ]


def value(row: TableRow, heading: Heading) -> Any:
    """What the row has in that column; a moment in words."""
    found = value_at(row.values, heading.path)
    return told.moment(found) if heading.kind is Kind.MOMENT and isinstance(found, str) else found


def text(value: Any) -> str:
    """One value by itself, as exactly as it is stored."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.figure(value, digits=10)


def column(values: Sequence[Any]) -> Iterator[str]:
    """The values of one column; fractions get equally many decimals, so that they align."""
    decimals = _decimals([abs(value) for value in values if isinstance(value, float)])
    for value in values:
        shown = _aligned(value, decimals)
        yield shown if len(shown) <= _LETTERS else f"{shown[:_LETTERS]}…"


def _aligned(value: Any, decimals: int) -> str:
    if not decimals or isinstance(value, bool) or not isinstance(value, int | float):
        return text(value)
    if isinstance(value, int):  # exactly, however large it is
        return f"{value:,}.{'0' * decimals}"
    is_plain = value == 0 or 10.0**-decimals <= abs(value) < _HUGE
    return f"{value:,.{decimals}f}" if is_plain else words.figure(value, digits=_DIGITS)


def _decimals(sizes: Sequence[float]) -> int:
    """Enough for the largest, and for the smallest of those that are told without a power of ten."""
    plain = [size for size in sizes if 10.0**-_MOST_DECIMALS <= size < _HUGE]
    if not plain or all(size.is_integer() for size in sizes):
        return 0
    wanted = (_DIGITS - 1 - max(_power(max(plain)), 0), _FEWEST - 1 - _power(min(plain)), 1)
    return min(max(wanted), _MOST_DECIMALS)


def _power(size: float) -> int:
    return math.floor(math.log10(size))


def problem(row: TableRow, service: Service | None) -> str:
    """Why the item has no result, in the words of its service; empty if nothing is wrong with it."""
    said = str(row.error.get("message", "")) if row.error else ""
    return told.message(said, schema.of(service.item) if service else ())


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A row of the table with its cells, or what is wrong with its item."""

    item: TableRow
    cells: list[tuple[Heading, str]]
    problem: str


def table(rows: Sequence[TableRow], shown: Sequence[Heading], service: Service | None) -> list[Row]:
    """Each row as it is shown."""
    columns = [list(column([value(row, heading) for row in rows])) for heading in shown]
    return [
        Row(row, [(heading, cells[at]) for heading, cells in zip(shown, columns, strict=True)], problem(row, service))
        for at, row in enumerate(rows)
    ]
