"""What operators' commands have in common. They run in a function too, where no terminal's libraries are."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns of plain text; numbers at the right."""
    shown = [list(headings), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    right = [any(isinstance(row[n], int | float) for row in rows) for n in range(len(headings))]
    return "\n".join(_line(cells, widths, right) for cells in shown)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    columns = zip(cells, widths, right, strict=True)
    return "  ".join(cell.rjust(width) if at_right else cell.ljust(width) for cell, width, at_right in columns).rstrip()


def _cell(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.6g}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def as_json(rows: Sequence[Any]) -> str:
    """A list of dataclasses or texts; dates as in ISO 8601."""
    return to_json(rows).decode()


def who() -> str:
    """Who runs the command, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
