"""Bulk inserts: PostgreSQL's COPY, in the transaction that is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import batched

from django.db import connection, models

_ROWS_A_PIECE = 32


def copy_into(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows of texts (as str, or as bytes of UTF-8), numbers and None into the model's table."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN", _Source(rows))


class _Source:
    """What COPY reads: some rows at a time, so that the rest need not be in memory in this form too."""

    def __init__(self, rows: Iterable[Sequence[object]]) -> None:
        self._pieces = (b"".join(map(_line, some)) for some in batched(rows, _ROWS_A_PIECE, strict=False))

    def read(self, size: int) -> bytes:
        return next(self._pieces, b"")


def _line(row: Sequence[object]) -> bytes:
    """A row in COPY's text format."""
    return b"\t".join([_field(value) for value in row]) + b"\n"


def _field(value: object) -> bytes:
    if value is None:
        return b"\\N"
    text = value if isinstance(value, bytes) else str(value).encode()
    if b"\\" in text or b"\n" in text or b"\t" in text or b"\r" in text:
        text = text.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\t", b"\\t").replace(b"\r", b"\\r")
    return text
