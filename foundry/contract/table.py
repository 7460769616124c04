"""Lines of CSV tables, whose texts no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: What a formula starts with; the full-width signs too, which some spreadsheets take for the others.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_line(cells: Iterable[object]) -> str:
    """One line of a table, as RFC 4180 has it; None is an empty cell."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return line.getvalue()


def _harmless(cell: object) -> object:
    """Spreadsheets run texts that start like a formula; an apostrophe makes them texts (OWASP, CSV injection).

    Numbers stay numbers, and one sign alone, such as a strand's, is no formula.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) and len(cell) > 1 else cell
