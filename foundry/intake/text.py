"""Bytes to text as they are unpacked: nothing is read before it is needed, and little is held at a time."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator
from typing import Protocol

from foundry.intake.errors import refuse

#: How much is read at a time.
BLOCK = 1 << 18


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Text:
    """A file's text in bytes, with "\\n" at the end of each line. It can be gone through once."""

    def __init__(self, stream: Readable) -> None:
        self._parts = _newlines(stream)
        #: The beginning, which tells the format.
        self.head = next(self._parts, b"").removeprefix(codecs.BOM_UTF8)

    def blocks(self) -> Iterator[bytes]:
        """All text. It is cut only at ends of lines: each block but the first begins with the newline before it."""
        pieces: list[bytes] = []
        for part in itertools.chain([self.head], self._parts):
            cut = max(part.rfind(b"\n"), 0)
            pieces.append(part[:cut])
            if cut:
                yield _joined(pieces)
            pieces.append(part[cut:])
        yield _joined(pieces)

    def chunks(self, boundary: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
        """All text, cut where `boundary` ends, each chunk with its first line, from 1.

        `boundary` begins with a newline and does not go past the end of the line after it.
        """
        line = 1
        pieces: list[bytes] = []
        for block in self.blocks():
            at = 0
            for match in boundary.finditer(block):
                pieces.append(block[at : match.end()])
                at = match.end()
                chunk = _joined(pieces)
                yield line, chunk
                line += chunk.count(b"\n")
            pieces.append(block[at:])
            del block  # Or a record of one line would be in memory twice.
        yield line, _joined(pieces)


def decode(content: bytes) -> str:
    """What is not UTF-8 is Windows-1252, of which Latin-1 is a part."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _newlines(stream: Readable) -> Iterator[bytes]:
    held = b""
    while part := stream.read(BLOCK):
        if b"\0" in part:
            raise refuse("a binary file")
        part, held = (held + part[:-1], b"\r") if part.endswith(b"\r") else (held + part, b"")
        yield part.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if held:
        yield b"\n"


def _joined(pieces: list[bytes]) -> bytes:
    """The pieces in one; they are let go."""
    whole = b"".join(pieces)
    pieces.clear()
    return whole
