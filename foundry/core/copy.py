"""Bulk inserts: PostgreSQL's COPY in its binary format, in the transaction that is open.

The server need not look for the ends of fields, nor we for what would have to be escaped.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import batched
from typing import Any

from django.db import DatabaseError, connection, models

_ROWS_A_PIECE = 32
_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_TRAILER = struct.pack("!h", -1)
_NULL = struct.pack("!i", -1)
_length, _four_bytes, _eight_bytes = struct.Struct("!i").pack, struct.Struct("!ii").pack, struct.Struct("!iq").pack


def _text(value: str | bytes) -> bytes:
    field = value if isinstance(value, bytes) else value.encode()
    return _length(len(field)) + field


def _integer(value: int) -> bytes:
    return _four_bytes(4, value)


def _bigint(value: int) -> bytes:
    return _eight_bytes(8, value)


#: How a value of a column of that type is sent.
_ENCODE: dict[str, Callable[[Any], bytes]] = {
    "uuid": lambda value: _text(value.bytes),
    "integer": _integer,
    "bigint": _bigint,
    "varchar": _text,
    "text": _text,
    "json": _text,
    "bytea": _text,
}


def copy_into(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows into the model's table: UUIDs, numbers, bytes, texts (as str, or as bytes of UTF-8) and None.

    What making the rows raises is raised here.
    """
    quote = connection.ops.quote_name
    fields = {field.column: field for field in model._meta.concrete_fields}
    encode = [_ENCODE[(fields[column].db_type(connection) or "").partition("(")[0]] for column in columns]
    source = _Source(encode, rows)
    statement = f"COPY {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor:
        try:
            with connection.wrap_database_errors:  # which Django does for its own methods only
                cursor.copy_expert(statement, source)
        except DatabaseError:
            if source.fault:
                raise source.fault from None
            raise


class _Source:
    """What COPY reads: some rows at a time, so that the rest need not be in memory in this form too."""

    def __init__(self, encode: Sequence[Callable[[Any], bytes]], rows: Iterable[Sequence[object]]) -> None:
        self._pieces = self._made(encode, rows)
        #: The driver makes an error of the database of whatever is raised while it reads.
        self.fault: BaseException | None = None

    def read(self, size: int) -> bytes:
        try:
            return next(self._pieces, b"")
        except BaseException as fault:
            self.fault = fault
            raise

    @staticmethod
    def _made(encode: Sequence[Callable[[Any], bytes]], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
        fields = struct.pack("!h", len(encode))

        def line(row: Sequence[object]) -> bytes:
            return fields + b"".join(
                [_NULL if value is None else pack(value) for pack, value in zip(encode, row, strict=True)]
            )

        yield _HEADER
        for some in batched(rows, _ROWS_A_PIECE, strict=False):
            yield b"".join(map(line, some))
        yield _TRAILER
