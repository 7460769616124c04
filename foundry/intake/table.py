"""Tables: CSV, TSV and Excel's semicolon CSV, with a header row. A column is an item's field of the same name."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator

from foundry.intake.errors import FileError
from foundry.intake.record import Record, Source, printable, unreadable
from foundry.intake.text import Text, decode

DELIMITERS = ",;\t"

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
#: A row takes at most this much. The longest sequence has 10 Mb, and `csv` takes 4 bytes and more for a character.
_LETTERS = 1 << 24
_LINES = 200_000
#: Excel's last column is number 16,384; most are without a name, for a service knows its few fields.
_CELLS = 20_000
_COLUMNS = 64

#: `csv` takes 131,072 characters by default. The limit is the process's, and is not set again.
csv.field_size_limit(_LETTERS)


class _Lines:
    """The lines of one row after the other, for `csv.reader`. They can be set back to the row's second line."""

    def __init__(self, text: Text, delimiter: str) -> None:
        self._blocks = text.blocks()
        self._text = b""
        self._at = 0
        self._delimiter = delimiter
        self._blank = re.compile(rb"[ \t\n%b]*\n" % delimiter.encode())
        #: Lines to read again, the next one last.
        self._again: list[str] = []
        self._row: list[str] = []
        self._letters = self._cells = 0
        #: The row's first line, from 1.
        self.first = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._read()
        self._row.append(line)
        self._letters += len(line)
        self._cells += line.count(self._delimiter)
        if self._letters > _LETTERS or self._cells > _CELLS or len(self._row) > _LINES:
            raise csv.Error(f"it is over {_LETTERS:,} characters, {_CELLS:,} cells or {_LINES:,} lines")
        return line

    def begin_row(self) -> None:
        self.first += len(self._row)
        self._row, self._letters, self._cells = [], 0, 0
        while not self._again and self._line_end() >= 0 and (blank := self._blank.match(self._text, self._at)):
            self.first += self._text.count(b"\n", self._at, blank.end())
            self._at = blank.end()

    def set_back(self) -> bool:
        """Leave the row its first line alone; False if it has no more."""
        more = self._row[:0:-1]
        self._again += more
        del self._row[1:]
        return bool(more)

    def _read(self) -> str:
        """The next line, in which each character stands for a byte."""
        end = self._line_end() + 1 or len(self._text)
        if end == self._at:
            raise StopIteration
        line = self._text[self._at : end].decode("latin-1")
        self._at = end
        return line

    def _line_end(self) -> int:
        """Where the next newline is; -1 if there is none up to the end of the text."""
        while (end := self._text.find(b"\n", self._at)) < 0 and (block := next(self._blocks, None)) is not None:
            self._text, self._at = self._text[self._at :] + block, 0
        return end


def is_header(line: str) -> bool:
    return "sequence" in _fields(_cells(line, _delimiter(line)))


def read(file: str, text: Text) -> Iterator[Record]:
    delimiter = _delimiter(decode(text.head).lstrip("\n\ufeff ").partition("\n")[0])
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


def _rows(text: Text, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each row that is not blank with its first line, from 1; a row that cannot be read is a message."""
    lines = _Lines(text, delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rereads = 0
    while True:
        lines.begin_row()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.first, f'cannot read this row: {error}; check the quotes, and write "" for a quote in a value'
            if rereads < _REREADS:
                rereads += lines.set_back()
            continue
        if any(cell.strip() for cell in row):
            yield lines.first, [cell if cell.isascii() else decode(cell.encode("latin-1")) for cell in row]


def _header(rows: Iterator[tuple[int, list[str] | str]]) -> list[str]:
    line, cells = next(rows, (1, []))
    if isinstance(cells, str):
        raise FileError("table_header", cells, line=line)
    fields = _fields(cells)
    seen = ", ".join(repr(printable(cell[:_SHOWN])) for cell in cells[:_SHOWN])
    if "sequence" not in fields:
        message = f"the header row needs a 'sequence' column, and usually 'name' and 'topology'; it has {seen}"
        raise FileError("table_header", message, line=line)
    named = Counter(filter(None, fields))
    if len(named) > _COLUMNS:
        message = f"the header row has {len(named)} columns, over the limit of {_COLUMNS}; take out what is no input"
        raise FileError("table_header", message, line=line)
    twice = {printable(field) for field, count in named.items() if count > 1}
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
            f"the row has {len(row)} cells and the header {len(fields)} ({printable(', '.join(fields))}); add "
            "what is missing, and put quotes around a value that holds the delimiter"
        )
        return unreadable(source, "table_cells", message)
    values = {field: cell.strip() for field, cell in zip(fields, row, strict=True) if field and cell.strip()}
    if "topology" in values:
        values["topology"] = values["topology"].lower()
    return Record(source=Source(source.file, values.get("name", source.record), source.line), values=values)
