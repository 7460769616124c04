"""The result table: a service may have more columns than a terminal has room for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from foundry.cli.terminal import cell
from foundry.client import Column, Result

_WIDEST = 28
_GAP = 3


@dataclasses.dataclass(frozen=True, slots=True)
class _Shown:
    """A column with what it shows."""

    heading: str
    values: Sequence[Any]

    @property
    def cells(self) -> list[str]:
        return [text if len(text := cell(value)) <= _WIDEST else f"{text[: _WIDEST - 1]}…" for value in self.values]

    @property
    def width(self) -> int:
        """As wide as its widest value; the heading is wrapped at its blanks."""
        return max(map(len, [*self.cells, *self.heading.split()]))

    @property
    def justify(self) -> Any:
        """Numbers, and what is shown as one, at the right."""
        return "right" if any(isinstance(value, int | float | list | dict) for value in self.values) else "left"


def show_values(console: Console, columns: Sequence[Column], results: Sequence[Result]) -> None:
    """As many of the service's columns as there is room for, without those in which no value stands."""
    wanted = [
        _Shown("#", [one.position for one in results]),
        _Shown("Name", [one.name for one in results]),
        *(_Shown(column.title, [column.of(one.values) for one in results]) for column in columns),
    ]
    filled = [column for column in wanted if any(value is not None for value in column.values)]
    fitting = list(_fitting(filled, console.width))
    console.print(_table(fitting))
    if more := len(filled) - len(fitting):
        console.print(f"{more:,} more column{'s' if more > 1 else ''}: --csv", style="dim")


def _fitting(columns: Sequence[_Shown], width: int) -> Iterator[_Shown]:
    for column in columns:
        width -= column.width + _GAP
        if width < -_GAP:
            return
        yield column


def _table(columns: Sequence[_Shown]) -> Table:
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column.heading, justify=column.justify, width=column.width, vertical="bottom")
    for cells in zip(*(column.cells for column in columns), strict=True):
        made.add_row(*cells)
    return made
