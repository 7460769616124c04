"""The designs that people paste or drop: files as the API takes them, and lists of items as JSON or a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import from_json, to_json

from foundry import intake
from foundry.api import body
from foundry.api.problems import ProblemError
from foundry.contract import Service
from foundry.core import uploads
from foundry.core.drafts import Draft
from foundry.core.errors import InvalidRequestError
from foundry.portal.catalogue import words

PASTED = "pasted text"
_BARE_SEQUENCE = re.compile(r"[A-Za-z*\-\s]+")


def read(service: Service, text: str, files: Sequence[intake.Upload]) -> list[Draft]:
    """Every item of the text and the files, good or bad, in order. Raises InvalidRequestError."""
    given = [*([intake.Upload(PASTED, text.encode())] if text.strip() else []), *files]
    if not given:
        raise InvalidRequestError("There are no items yet; paste them or choose files.")
    try:
        return list(_drafts(service, given))
    except intake.IntakeError as error:
        begins = any(error.message.startswith(file.name) for file in files)
        raise InvalidRequestError((words.ended if begins else words.sentence)(error.message)) from None
    except ProblemError as error:
        raise InvalidRequestError(error.detail) from None


def _drafts(service: Service, given: Sequence[intake.Upload]) -> Iterator[Draft]:
    takes_files = uploads.accepts_files(service)
    rest = []
    for upload in given:
        if upload.content.lstrip()[:1] in (b"[", b"{"):
            yield from _of_json(upload)
        elif not takes_files:
            yield from _of_table(upload)
        elif upload.name == PASTED and _BARE_SEQUENCE.fullmatch(upload.content.decode()):
            yield Draft(values={"sequence": upload.content.decode()}, place=PASTED)
        else:
            rest.append(upload)
    if rest:
        yield from uploads.read(service, rest)


def _of_json(upload: intake.Upload) -> Iterator[Draft]:
    """A list of items, or one item."""
    parsed = body.parse(upload.content, what=upload.name)
    for ordinal, values in enumerate(parsed if isinstance(parsed, list) else [parsed], 1):
        if not isinstance(values, dict):
            raise InvalidRequestError(f"{upload.name}: entry {ordinal} is no object; write each item in {{}}.")
        yield Draft(values=values, source={"file": upload.name, "record": str(ordinal), "line": None})


def _of_table(upload: intake.Upload) -> Iterator[Draft]:
    """A row an item, a column a field; a cell that begins like a list or an object is JSON."""
    try:
        text = upload.content.decode("utf-8-sig")
        table = text.lstrip("\r\n")
        above = text.count("\n", 0, len(text) - len(table))
        reader = csv.DictReader(io.StringIO(table), delimiter=max(",;\t", key=table.partition("\n")[0].count))
        for ordinal, row in enumerate(reader, 1):
            yield _of_row(upload, row, ordinal, above + reader.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidRequestError(
            f"{upload.name}: this is neither JSON nor a table (CSV) with a header row of the items' fields: {error}."
        ) from None


def _of_row(upload: intake.Upload, row: Mapping[str | None, Any], ordinal: int, line: int) -> Draft:
    if None in row:
        raise InvalidRequestError(f"{upload.name}, line {line}: the row has more cells than the header.")
    cells = {str(name).strip(): cell.strip() for name, cell in row.items() if isinstance(cell, str) and cell.strip()}
    source = {"file": upload.name, "record": cells.get("name", str(ordinal)), "line": line}
    return Draft(values={name: _cell(cell) for name, cell in cells.items()}, source=source)


def _cell(text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return text


def as_text(items: Sequence[Mapping[str, Any]]) -> str:
    """Items as people paste them: a table where they have the same fields and each is one word or figure."""
    columns = list(dict.fromkeys(name for item in items for name in item))
    if any(isinstance(value, list | dict | None) for item in items for value in item.values()):
        return to_json(list(items), indent=2).decode()
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(items)
    return table.getvalue()
