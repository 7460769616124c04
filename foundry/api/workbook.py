"""Excel workbooks (ECMA-376) that are written while they are sent, of any number of rows.

Every text is written as a text, never as a formula. Libraries for this write a file first; this takes a tenth of their
time and no disk.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from itertools import batched, chain, islice

from foundry.api.archive import archive

type Row = Sequence[object]


class Heading(str):
    """A text of a cell that is a heading."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """Rows under a name. The first of a table has its headings: it stays in sight, and Excel filters by it."""

    name: str
    rows: Iterable[Row]
    is_table: bool = False


_ROWS_A_PIECE = 500
#: How wide columns are, in letters: as the first rows need it, within reason.
_NARROWEST, _WIDEST = 9, 60
#: A date and time as it is shown, a date alone, and room for what Excel puts around a text and into a heading.
_DATE_LETTERS, _DAY_LETTERS, _ROOM = 19, 10, 3
#: What Excel counts days from.
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
#: Before this day Excel has one that never was, and counts one too few.
FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)
#: Excel's longest text in a cell.
_LETTERS = 32_767
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Excel reads _x0041_ as A; a text that has such a thing in it has its _ written that way.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(sheets: Sequence[Sheet], *, made_at: datetime) -> Iterator[bytes]:
    """The sheets, each written in its turn."""
    files: list[tuple[str, Iterable[bytes]]] = [(name, [text.encode()]) for name, text in _frame(sheets)]
    files += [(f"xl/worksheets/sheet{number}.xml", _written(sheet)) for number, sheet in enumerate(sheets, 1)]
    return archive(files, made_at=made_at, large=False)


def _frame(sheets: Sequence[Sheet]) -> Iterator[tuple[str, str]]:
    """The files around the sheets: which there are, of which type, and how headings and dates look."""
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/{part}" ContentType="{_TYPE}.{kind}+xml"/>'
        for part, kind in [
            ("workbook.xml", "sheet.main"),
            ("styles.xml", "styles"),
            *((f"worksheets/sheet{number}.xml", "worksheet") for number in numbers),
        ]
    )
    yield (
        "[Content_Types].xml",
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
    )
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    yield (
        "xl/_rels/workbook.xml.rels",
        _relations([*(("worksheet", f"worksheets/sheet{number}.xml") for number in numbers), ("styles", "styles.xml")]),
    )
    named = "".join(
        f'<sheet name="{escape(sheet.name)}" sheetId="{number}" r:id="r{number}"/>'
        for number, sheet in enumerate(sheets, 1)
    )
    yield (
        "xl/workbook.xml",
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{named}</sheets></workbook>',
    )
    yield "xl/styles.xml", _STYLES


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


#: Style 0 is plain, style 1 bold, style 2 a date and time, style 3 a date.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
    '<alignment horizontal="left"/></xf>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
    '<alignment horizontal="left"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_IN_SIGHT = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'


def _written(sheet: Sheet) -> Iterator[bytes]:
    """The columns are as wide as the first rows need it: the others have not been read by then."""
    rows = iter(sheet.rows)
    first = list(islice(rows, _ROWS_A_PIECE))
    columns, count = max(map(len, first), default=0), 0
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        f"{_IN_SIGHT if sheet.is_table else ''}</sheetView></sheetViews>"
        f'<sheetFormatPr defaultRowHeight="15"/>{_widths(first, columns)}<sheetData>'
    ).encode()
    for some in chain([first], batched(rows, _ROWS_A_PIECE, strict=False)):
        count += len(some)
        yield "".join(map(_line, some)).encode()
    filtered = f'<autoFilter ref="A1:{_column(columns)}{count}"/>' if sheet.is_table and columns else ""
    yield f"</sheetData>{filtered}</worksheet>".encode()


def _widths(rows: Sequence[Row], columns: int) -> str:
    found = "".join(
        f'<col min="{number}" max="{number}" width="{_width(row[number - 1] for row in rows if len(row) >= number)}" '
        'customWidth="1"/>'
        for number in range(1, columns + 1)
    )
    return f"<cols>{found}</cols>" if found else ""


def _width(values: Iterable[object]) -> int:
    return min(max(_NARROWEST, *(_size(value) + _ROOM for value in values)), _WIDEST)


def _size(value: object) -> int:
    """Letters that the value takes."""
    match value:
        case None:
            return 0
        case datetime():
            return _DATE_LETTERS
        case date():
            return _DAY_LETTERS
    return len(str(value))


def _column(column: int) -> str:
    """What Excel calls the column of that number: A, Z, AA."""
    before, last = divmod(column - 1, 26)
    return f"{_column(before) if before else ''}{chr(ord('A') + last)}"


def _line(row: Row) -> str:
    return f"<row>{''.join([_cell(value) for value in row])}</row>"


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "<c/>"
        case bool():
            return f'<c t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f"<c><v>{value!r}</v></c>"
        case datetime():
            return f'<c s="2"><v>{_days(value)!r}</v></c>'
        case date():
            return f'<c s="3"><v>{(value - _EPOCH.date()).days}</v></c>'
    style = ' s="1"' if isinstance(value, Heading) else ""
    text = _ESCAPED.sub("_x005F_", _NOT_IN_XML.sub("", str(value)[:_LETTERS]))
    return f'<c t="inlineStr"{style}><is><t xml:space="preserve">{escape(text, quote=False)}</t></is></c>'


def _days(moment: datetime) -> float:
    """A moment as Excel counts it, which knows no zones: in UTC, to the second."""
    return timedelta(seconds=round((moment - _EPOCH).total_seconds())) / timedelta(days=1)
