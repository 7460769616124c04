"""What goes in and what comes out: uploads, records, and where in a file a record stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from foundry.contract import ItemError

_SHOWN = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """One file as it came in."""

    name: str
    content: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """Where a record stands. Written out: "designs.fasta, record pUC19, line 12"."""

    file: str
    #: The record's name, or its ordinal in the file when it has none; empty: this is about the whole file.
    record: str = ""
    #: 1-based line of the file where the record starts; None in files that have no lines.
    line: int | None = None

    def __str__(self) -> str:
        record = f", record {printable(self.record)}" if self.record else ""
        line = f", line {self.line}" if self.line else ""
        return f"{self.file}{record}{line}"


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """The part of a file's text in which a sequence is written, to find a position of the sequence again."""

    text: str
    start: int
    end: int
    #: The line of the file on which the part starts.
    line: int
    #: Characters of the part that are not of the sequence.
    skip: str = " \t"

    def locate(self, position: int) -> str | None:
        drop = str.maketrans("", "", self.skip)
        left, at, line = position, self.start, self.line
        while at < self.end and left > 0:
            stop = self.text.find("\n", at, self.end)
            row = self.text[at : stop if stop >= 0 else self.end]
            letters = len(row.translate(drop))
            if left <= letters:
                column = [column for column, letter in enumerate(row, 1) if letter not in self.skip][left - 1]
                return f"line {line}, column {column}"
            left, at, line = left - letters, at + len(row) + 1, line + 1
        return None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a file: the values of an item as the file states them, or why there are none."""

    source: Source
    #: Item fields, not validated yet; a field that the file does not state is not there.
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    error: ItemError | None = None
    #: What was odd but could be read.
    warnings: tuple[str, ...] = ()
    layout: Layout | None = dataclasses.field(default=None, repr=False, compare=False)

    def locate(self, position: int) -> str | None:
        """Where in the file the sequence's 1-based position is: "line 12, column 5"; None if that is not known."""
        return self.layout.locate(position) if self.layout else None


def unreadable(source: Source, code: str, message: str, field: str | None = None) -> Record:
    """The record that stands in for one that cannot be read."""
    return Record(source=source, error=ItemError(code=code, message=f"{source}: {message}", field=field))


def printable(text: str) -> str:
    """`text` fit to be shown in a message: on one line, without control characters, not too long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: _SHOWN + 1])
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
