"""What goes in and what comes out: uploads, records, and where in a file a record stands."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from foundry.contract import ItemError
from foundry.intake.text import decode

_SHOWN = 200
#: Letters that are looked at one by one to find one of them.
_LOOKED_AT = 10_000


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
    """The text of a record that ends with its sequence, to find a position of the sequence again."""

    text: bytes
    #: Where the sequence starts, which is at the start of a line, and which line of the file that is.
    start: int
    line: int
    #: Characters that are not of the sequence.
    skip: str

    def locate(self, position: int) -> str | None:
        text = decode(self.text[self.start :])
        drop = str.maketrans("", "", self.skip + "\n")
        left = position
        for at in range(0, len(text), _LOOKED_AT):
            letters = len(text[at : at + _LOOKED_AT].translate(drop))
            if 0 < left <= letters:
                return self._place(text, next(itertools.islice(self._letters(text, at), left - 1, None)))
            left -= letters
        return None

    def _letters(self, text: str, at: int) -> Iterator[int]:
        return (index for index in range(at, len(text)) if text[index] not in self.skip and text[index] != "\n")

    def _place(self, text: str, at: int) -> str:
        return f"line {self.line + text.count('\n', 0, at)}, column {at - text.rfind('\n', 0, at)}"


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
