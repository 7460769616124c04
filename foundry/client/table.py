"""Results as a table: rows for programs, HTML for notebooks, a DataFrame where pandas is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any, overload

from foundry.client import extras
from foundry.client.model import Column, Result

_SHOWN = 20
_BEFORE, _AFTER = ("#", "Name", "State"), ("Error",)


class Table(Sequence[dict[str, Any]]):
    """One row an item, by position: number, name, state, the service's columns, and why it failed.

    As in all tables of Foundry, of a list or an object there is the number of its entries; results have them whole.
    """

    def __init__(self, columns: Sequence[Column], results: Iterable[Result]) -> None:
        #: The headings.
        self.columns = (*_BEFORE, *(column.title for column in columns), *_AFTER)
        self._rows = [_row(columns, result) for result in results]

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._rows[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self):,} results: {', '.join(self.columns)}>"

    def frame(self) -> Any:
        """As a pandas.DataFrame, with positions as its index. Needs `pandas`."""
        pandas = extras.load("pandas", extra="tables", purpose="Table.frame()")
        return pandas.DataFrame(self._rows, columns=list(self.columns)).set_index("#")

    def _repr_html_(self) -> str:
        """What notebooks show: the first rows."""
        head = "".join(f"<th>{escape(title)}</th>" for title in self.columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(_text(row[title]))}</td>' for title in self.columns)}</tr>"
            for row in self._rows[:_SHOWN]
        )
        more = f"<p>{len(self) - _SHOWN:,} more</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _row(columns: Sequence[Column], result: Result) -> dict[str, Any]:
    return {
        "#": result.position,
        "Name": result.name,
        "State": result.state,
        **{column.title: column.of(result.values) for column in columns},
        "Error": result.error.message if result.error else None,
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
