"""Output for people: consoles, tables, cells."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, Any, cast

from django.core.management.base import OutputWrapper
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foundry.client import RequestState

#: Where there is no terminal to be as wide as.
_WIDTH = 140
_STYLES = {
    RequestState.SUCCEEDED: "green",
    RequestState.PARTIAL: "yellow",
    RequestState.FAILED: "red",
    RequestState.RUNNING: "cyan",
}


def console(stream: OutputWrapper) -> Console:
    """A console on a command's stream; text is shown as it is, markup or not."""
    stream.ending, stream.style_func = "", None  # rich ends and colours its lines itself
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH
    file = cast(IO[str], stream if stream.isatty() else _WithoutTrailingBlanks(stream))
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


class _WithoutTrailingBlanks:
    """A stream for programs: a table's lines end where their text ends."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.write(re.sub(r" +(?=\n)", "", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def shows_motion(console: Console) -> bool:
    """Whether a progress bar would be one there, and not a heap of control characters."""
    return console.is_terminal and not console.is_dumb_terminal


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table; columns of numbers are aligned at the right, texts of several words are wrapped."""
    shown = list(rows)
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        column = [row[number] for row in shown]
        numbers = any(isinstance(value, int | float) for value in column)
        words = any(isinstance(value, str | Text) and " " in value for value in column)
        made.add_column(heading, justify="right" if numbers else "left", overflow="fold", no_wrap=not words)
    for row in shown:
        made.add_row(*(one if isinstance(one, Text) else cell(one) for one in row))
    return made


def state(value: RequestState) -> Text:
    return Text(value, style=_STYLES.get(value, ""))


def cell(value: Any) -> str:
    """A value in few characters; a list or an object is its length."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
        case datetime():
            return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
        case list() | Mapping():
            return f"{len(value):,}"
    return "".join(one if one.isprintable() else "�" for one in str(value))
