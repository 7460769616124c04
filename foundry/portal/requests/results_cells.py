"""Values of results as texts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foundry.contract import Service
from foundry.core.result_schema import Kind, field_at
from foundry.core.result_table import TableRow

#: Significant digits of the largest number of a column of fractions.
_DIGITS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Heading:
    """A column of the service as the table shows it."""

    title: str
    path: str
    kind: Kind
    help: str

    @property
    def is_number(self) -> bool:
        return self.kind is Kind.NUMBER


def headings(service: Service | None) -> list[Heading]:
    """The service's columns; none if there is no such service any more."""
    columns = service.columns if service else ()
    found = [(column, field_at(service, column.path)) for column in columns] if service else []
    return [Heading(column.title, column.path, field.kind, field.description) for column, field in found]


def value_at(values: Any, path: str) -> Any:
    """What stands at a dotted path; of a list or an object how many entries it has; None if there is nothing."""
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return len(values) if isinstance(values, list | dict) else values


def text(value: Any) -> str:
    """One value by itself, as exactly as it is stored."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.10g}"
    return str(value)


def column(values: Sequence[Any]) -> Iterator[str]:
    """The values of one column; fractions get equally many decimals, so that they align."""
    decimals = _decimals([value for value in values if isinstance(value, float)])
    for value in values:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        yield f"{value:,.{decimals}f}" if is_number and decimals else text(value)


def _decimals(fractions: Sequence[float]) -> int:
    if not fractions or all(value.is_integer() for value in fractions):
        return 0
    largest = max(map(abs, fractions))
    return max(_DIGITS - 1 - math.floor(math.log10(largest)), 1) if largest >= 1 else _DIGITS - 1


def table(rows: Sequence[TableRow], shown: Sequence[Heading]) -> list[tuple[TableRow, list[tuple[Heading, str]]]]:
    """Each row with its cells."""
    columns = [list(column([value_at(row.values, heading.path) for row in rows])) for heading in shown]
    return [
        (row, [(heading, cells[at]) for heading, cells in zip(shown, columns, strict=True)])
        for at, row in enumerate(rows)
    ]
