"""A long GenBank record as several short ones, for Biopython takes up to a hundred times a text's length of memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from foundry.intake.biopython import ParserError

ORIGIN = re.compile(rb"^ORIGIN.*\n?", re.MULTILINE)
LENGTH = 1_000_000
_TABLE = re.compile(rb"^FEATURES.*\n?", re.MULTILINE)
#: The columns in which a feature's key stands; they are blank in the other lines of the feature.
_KEY = slice(2, 21)
_FOOTER = re.compile(rb"^(?:BASE COUNT|CONTIG|WGS|TSA|TLS)\b", re.MULTILINE)
_BLANK_LINES = re.compile(rb"\n\s*\n")
_END = b"\nORIGIN\n//\n"
#: The line without bases keeps the parser from taking the next one for a part of the ORIGIN line.
_SEQUENCE = b"LOCUS       x\nORIGIN\n        1\n"


def split(record: bytes) -> Iterator[bytes]:
    """Records of at most about `LENGTH` that hold the header, some features or some of the sequence."""
    if len(record) <= LENGTH:
        yield record
        return
    origin = ORIGIN.search(record)
    stop, bases = origin.span() if origin else (len(record), len(record))
    table = _TABLE.search(record, 0, stop)
    start, features = table.span() if table else (stop, stop)
    if start > LENGTH:
        raise _too_long("header")
    yield record[:start].rstrip() + _END
    footer = _FOOTER.search(record, features, stop)
    before = record[: record.find(b"\n") + 1] + record[start:features]
    for at, end in _cuts(record, features, footer.start() if footer else stop):
        yield before + record[at:end].rstrip() + _END
    yield from _sequence(record, bases)


def _cuts(record: bytes, at: int, stop: int) -> Iterator[tuple[int, int]]:
    """Parts of the feature table, cut where a feature begins."""
    while stop - at > LENGTH:
        end = record.rfind(b"\n", at, at + LENGTH) + 1
        while end > at and not record[end : end + _KEY.stop][_KEY].strip():
            end = record.rfind(b"\n", at, end - 1) + 1
        if end <= at:
            raise _too_long("feature")
        yield at, end
        at = end
    yield at, stop


def _sequence(record: bytes, at: int) -> Iterator[bytes]:
    while len(record) - at > LENGTH:
        end = record.rfind(b"\n", at, at + LENGTH) + 1
        if not end:
            raise _too_long("line")
        yield _SEQUENCE + _BLANK_LINES.sub(b"\n", record[at:end]) + b"//\n"
        at = end
    yield _SEQUENCE + _BLANK_LINES.sub(b"\n", record[at:])


def _too_long(part: str) -> ParserError:
    return ParserError(f"it has a {part} of over {LENGTH:,} characters")
