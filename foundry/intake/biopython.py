"""Biopython's parsers of annotated records, which warn and raise in many ways."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

WARNINGS = 5
_LETTERS = 300
#: What to do with warnings is the process's, not a thread's.
_lock = threading.Lock()


class ParserError(Exception):
    """What a parser could not read, in one line."""


def parse(handle: IO[Any], format_name: str) -> tuple[SeqRecord, tuple[str, ...]]:
    """The one record in `handle` and the first few of the parser's warnings."""
    from Bio import SeqIO

    with caught_warnings() as caught:
        try:
            record = SeqIO.read(handle, format_name)
        except Exception as error:
            # The parsers raise whatever the fault leads to: ValueError, AssertionError, struct.error, ExpatError...
            raise ParserError(one_line(str(error)) or "its parser met what it does not expect") from error
    messages = dict.fromkeys(one_line(str(warning.message)) for warning in caught)
    return record, tuple(messages)[:WARNINGS]


@contextlib.contextmanager
def caught_warnings() -> Iterator[list[warnings.WarningMessage]]:
    with _lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")  # each once, however often
        yield caught


def one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LETTERS else f"{line[:_LETTERS]}…"
