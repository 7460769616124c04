"""Bulk inserts: PostgreSQL's COPY, in the transaction that is open."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import batched

from django.db import connection, models

_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ROWS_AT_A_TIME = 2_000


def copy_into(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows of texts, numbers, bytes and None into the model's table."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    statement = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
    with connection.cursor() as cursor:
        for some in batched(rows, _ROWS_AT_A_TIME, strict=False):
            text = "".join("\t".join(map(_field, row)) + "\n" for row in some)
            cursor.copy_expert(statement, io.StringIO(text), len(text))


def _field(value: object) -> str:
    """One field in COPY's text format."""
    match value:
        case str():
            special = "\\" in value or "\n" in value or "\t" in value or "\r" in value
            return value.translate(_ESCAPES) if special else value
        case None:
            return _NULL
        case bytes():
            return f"\\\\x{value.hex()}"
        case _:
            return str(value)
