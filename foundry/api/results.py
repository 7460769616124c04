"""Results and artifacts as HTTP answers. Stored JSON is passed on as it is, without being parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import batched

import orjson
from pydantic_core import to_json

from foundry.contract import Service, value_at
from foundry.contract.table import csv_line
from foundry.core.requests import ResultRow

_ROWS_A_PIECE = 500
#: What stands before the service's columns.
BEFORE = ("position", "name", "file", "record", "state")


def as_json(rows: Iterable[ResultRow], following: str | None) -> bytes:
    """A page of results."""
    return f'{{"results":[{",".join(map(_object, rows))}],"next":{_json(following)}}}'.encode()


def as_ndjson(rows: Iterable[ResultRow]) -> Iterator[bytes]:
    """One result a line."""
    return _pieces(rows, lambda row: _object(row) + "\n")


def _object(row: ResultRow) -> str:
    return (
        f'{{"position":{row.position},"name":{_json(row.name)},"source":{row.source or "null"},'
        f'"state":{_json(row.state)},"values":{row.values or "null"},"error":{row.error or "null"},'
        f'"release":{_json(row.release)}}}'
    )


def _json(value: object) -> str:
    return to_json(value).decode()


def as_csv(rows: Iterable[ResultRow], service: Service) -> Iterator[bytes]:
    """A table: the service's columns between the item's place and its error."""
    paths = [column.path for column in service.columns]
    yield csv_line(heads(service)).encode()
    yield from _pieces(rows, lambda row: csv_line(cells(row, paths)))


def heads(service: Service) -> list[str]:
    """The headings of the table."""
    return [*BEFORE, *(column.title for column in service.columns), "error"]


def cells(row: ResultRow, paths: Iterable[str]) -> list[object]:
    """The line of the table for one item, with what stands at those paths of its result."""
    source = orjson.loads(row.source) if row.source else {}
    values = orjson.loads(row.values) if row.values else {}
    error = orjson.loads(row.error)["message"] if row.error else ""
    found = ("" if (value := value_at(values, path)) is None else value for path in paths)
    return [row.position, row.name, source.get("file", ""), source.get("record", ""), row.state, *found, error]


def _pieces(rows: Iterable[ResultRow], write: Callable[[ResultRow], str]) -> Iterator[bytes]:
    """Some rows at a time, so that a stream is neither all in memory nor a system call a row."""
    for some in batched(rows, _ROWS_A_PIECE, strict=False):
        yield "".join(map(write, some)).encode()
