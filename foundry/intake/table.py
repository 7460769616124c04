"""Tables: CSV, TSV and Excel's semicolon CSV, with a header row. A column is an item's field of the same name."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator

from foundry.intake.errors import FileError
from foundry.intake.record import Record, Source, printable, unreadable

DELIMITERS = ",;\t"

#: A sequence is longer than the 131,072 characters that `csv` takes by default; the limit is the process's.
csv.field_size_limit(sys.maxsize)

#: Other headings for the fields that all services have. Case does not matter, and a blank or a hyphen is as "_".
SYNONYMS = {
    "id": "name",
    "identifier": "name",
    "label": "name",
    "sequence_id": "name",
    "sequence_name": "name",
    "bases": "sequence",
    "dna": "sequence",
    "dna_sequence": "sequence",
    "insert_sequence": "sequence",
    "seq": "sequence",
    "topo": "topology",
    "molecule_topology": "topology",
}
_SHOWN = 30
#: How often to read on from the line after a quote that does not close, which is as often as the file is read again.
_REREADS = 20


class _Lines:
    """Lines for `csv.reader` that can be set back; it stands before line `at`, from 0."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.at = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.at >= len(self._lines):
            raise StopIteration
        self.at += 1
        return self._lines[self.at - 1]


def is_header(line: str) -> bool:
    return "sequence" in _fields(_cells(line, _delimiter(line)))


def read(file: str, text: str) -> Iterator[Record]:
    first = len(text) - len(text.lstrip("\n\ufeff "))
    delimiter = _delimiter(text[first:].partition("\n")[0])
    rows = _rows(text, delimiter)
    fields = _header(rows)
    ordinal = 0
    for ordinal, (line, row) in enumerate(rows, 1):
        yield _record(Source(file, str(ordinal), line), fields, row)
    if not ordinal:
        raise FileError("table_empty", "there is a header row and no row under it")


def _delimiter(header: str) -> str:
    """The one with which the header has a sequence column, or else the most cells."""
    return max(DELIMITERS, key=lambda mark: ("sequence" in _fields(_cells(header, mark)), header.count(mark)))


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _fields(cells: list[str]) -> list[str]:
    names = ["_".join(cell.strip().lower().replace("-", " ").replace("_", " ").split()) for cell in cells]
    return [SYNONYMS.get(name, name) for name in names]


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each row that is not blank with its first line, from 1; a row that cannot be read is a message."""
    lines = _Lines([f"{line}\n" for line in text.split("\n")])
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rereads = 0
    while True:
        first = lines.at
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield first + 1, f'cannot read this row: {error}; check the quotes, and write "" for a quote in a value'
            if lines.at > first + 1 and rereads < _REREADS:
                lines.at, rereads = first + 1, rereads + 1
            continue
        if any(cell.strip() for cell in row):
            yield first + 1, row


def _header(rows: Iterator[tuple[int, list[str] | str]]) -> list[str]:
    line, cells = next(rows, (1, []))
    if isinstance(cells, str):
        raise FileError("table_header", cells, line=line)
    fields = _fields(cells)
    seen = ", ".join(repr(printable(cell[:_SHOWN])) for cell in cells[:_SHOWN])
    if "sequence" not in fields:
        message = f"the header row needs a 'sequence' column, and usually 'name' and 'topology'; it has {seen}"
        raise FileError("table_header", message, line=line)
    twice = {field for field in fields if field and fields.count(field) > 1}
    if twice:
        message = f"the header row has more than one column for {', '.join(sorted(twice))}: {seen}; keep one of each"
        raise FileError("table_header", message, line=line)
    return fields


def _record(source: Source, fields: list[str], row: list[str] | str) -> Record:
    if isinstance(row, str):
        return unreadable(source, "table_row", row)
    while len(row) > len(fields) and not row[-1].strip():
        row.pop()
    if len(row) != len(fields):
        message = (
            f"the row has {len(row)} cells and the header {len(fields)} ({', '.join(map(printable, fields))}); add "
            "what is missing, and put quotes around a value that holds the delimiter"
        )
        return unreadable(source, "table_cells", message)
    values = {field: cell.strip() for field, cell in zip(fields, row, strict=True) if field and cell.strip()}
    if "topology" in values:
        values["topology"] = values["topology"].lower()
    return Record(source=Source(source.file, values.get("name", source.record), source.line), values=values)
