"""The columns of a request's results, each with the values of all items in one row of the database.

A result is written as one JSON text, which is fast, and which nothing can be sorted by. So when somebody first sorts,
filters or looks at a plot, all results are read once and their columns kept: 100,000 items take seconds then, and
milliseconds from there on. It is a cache: its table is unlogged, and the sweep removes what is a day old.
"""

from __future__ import annotations

import dataclasses
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from foundry.contract import Service
from foundry.core import result_moments, result_summary
from foundry.core.models import ResultColumn, ResultState
from foundry.core.requests import RequestView
from foundry.core.result_schema import Kind, field_at

NAME, STATE = ":name", ":state"
WAITING, SUCCEEDED, FAILED = range(3)
#: The states of items, as their numbers in the column STATE.
STATES = ("waiting", *ResultState.values)
_OF_STATES = "state"

_ROWS_AT_A_TIME = 1000
#: Letters of a text that are kept to sort and filter by.
_LETTERS = 200
#: While a request runs its columns are made anew when they are older than so many times what that takes.
_PATIENCE = 20
_KEPT = timedelta(days=1)
_NOT_A_NUMBER = float("nan")

type Values = array[float] | Sequence[str] | bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Columns:
    """Some columns of a request. Places in them are positions less one."""

    #: By path: numbers (of flags and moments too) with NaN, or case-folded texts with "", where there is no value.
    values: dict[str, Values]
    #: Places by their value, those without one last; of the column that was asked for.
    order: array[int] | None
    #: In which the items with a value come first, so many of them.
    ordered: int
    made_at: datetime
    #: Whether there were more results when it was asked for.
    is_stale: bool


def read(view: RequestView, service: Service | None, paths: Sequence[str], *, order_by: str | None = None) -> Columns:
    """The columns at those paths, made first if they are not there or are too old."""
    wanted = {STATE, *paths}
    rows, is_stale = _fresh(view, service, wanted | ({order_by} if order_by else set()), wanted)
    values = {path: _unpacked(rows[path]) for path in wanted}
    order = _order(rows[order_by]) if order_by else None
    ordered = _ordered(rows[order_by]) if order_by else 0
    return Columns(values, order, ordered, rows[STATE].made_at, is_stale)


def summaries(view: RequestView, service: Service) -> tuple[dict[str, dict[str, Any]], datetime, bool]:
    """Of each column its summary, when they were made, and whether there were more results when it was asked for."""
    paths = {column.path for column in service.columns}
    rows, is_stale = _fresh(view, service, paths | {STATE}, set())
    return {path: rows[path].summary or {} for path in paths}, rows[STATE].made_at, is_stale


def remove_old() -> None:
    """Remove what was made a day ago; it is made again when somebody asks."""
    ResultColumn.objects.filter(made_at__lt=Now() - _KEPT)._raw_delete("default")


def _fresh(
    view: RequestView, service: Service | None, paths: set[str], whole: set[str]
) -> tuple[dict[str, ResultColumn], bool]:
    """The rows of those columns, with the values of the `whole` ones, and whether there are results that they lack."""
    made_of = f"{view.jobs}:{view.items_succeeded}:{view.items_failed}"
    rows = _rows(view.request.pk, paths, whole)
    if not _are_all(rows, paths, service) or _is_too_old(view, rows[STATE], made_of):
        rows = _make(view, service, made_of)
    return rows, rows[STATE].made_of != made_of


def _are_all(rows: Mapping[str, ResultColumn], paths: set[str], service: Service | None) -> bool:
    """Whether they are all there, and each is what a service's next version says that it is."""
    kinds = {path: rows[path].kind for path in paths & rows.keys()}
    return kinds == {path: _kind(path, service) for path in paths}


def _kind(path: str, service: Service | None) -> str:
    if path == STATE:
        return _OF_STATES
    return field_at(service, path).kind if service and path != NAME else Kind.TEXT


def _rows(request: UUID, paths: set[str], whole: set[str]) -> dict[str, ResultColumn]:
    found = ResultColumn.objects.filter(request_id=request, path__in=paths)
    rows = {row.path: row for row in found.filter(path__in=whole)}
    return rows | {row.path: row for row in found.exclude(path__in=whole).defer("values")}


def _is_too_old(view: RequestView, row: ResultColumn, made_of: str) -> bool:
    if row.made_of == made_of:
        return False
    age = timezone.now() - row.made_at
    return view.state.has_ended or age > timedelta(seconds=_PATIENCE * row.made_in_s)


def _ordered(row: ResultColumn) -> int:
    """How many items have a value: all have a state, even if only that they wait."""
    return len(row.values) if row.path == STATE else (row.summary or {}).get("count", 0)


def _order(row: ResultColumn) -> array[int]:
    """The places in the order of a column's values, which is kept when it is first asked for."""
    if row.order is not None:
        return array("I", bytes(row.order))
    order = array("I", _sorted(_unpacked(row)))
    same = ResultColumn.objects.filter(request_id=row.request_id, path=row.path, made_at=row.made_at)
    same.update(order=order.tobytes())
    return order


def _sorted(values: Values) -> list[int]:
    if isinstance(values, array):
        return sorted(range(len(values)), key=[(value != value, value) for value in values].__getitem__)
    if isinstance(values, bytes):
        return sorted(range(len(values)), key=values.__getitem__)
    return sorted(range(len(values)), key=[(not value, value) for value in values].__getitem__)


def _unpacked(row: ResultColumn) -> Values:
    packed = bytes(row.values)
    match row.kind:
        case kind if kind == _OF_STATES:
            return packed
        case Kind.TEXT:
            return packed.decode().casefold().split("\0")
    return array("d", packed)


# Making them


_ITEMS = """
SELECT item.position, item.name, result.state, result.values
FROM core_item AS item
LEFT JOIN core_result AS result ON result.request_id = item.request_id AND result.position = item.position
WHERE item.request_id = %(request)s AND item.position > %(after)s
ORDER BY item.position LIMIT %(limit)s
"""


def _items(request: UUID) -> Iterator[tuple[int, str, str | None, str | None]]:
    after, page = 0, None
    while page is None or len(page) == _ROWS_AT_A_TIME:
        with connection.cursor() as cursor:
            cursor.execute(_ITEMS, {"request": request, "after": after, "limit": _ROWS_AT_A_TIME})
            page = cursor.fetchall()
        yield from page
        after = page[-1][0] if page else after


class _Column:
    """A column while it is made."""

    def __init__(self, kind: Kind, path: str, tally: str = "") -> None:
        self.kind, self.path, self.tally = kind, path, tally
        self.keys = path.split(".")
        self.numbers, self.texts, self.tallied = array("d"), list[str](), list[str]()
        self.add: Callable[[Any], None] = self._adding()

    def _adding(self) -> Callable[[Any], None]:
        match self.kind:
            case Kind.TEXT:
                return self._add_text
            case Kind.MOMENT:
                return self._add_moment
        return self._add_number

    def add_from(self, values: Any) -> None:
        for key in self.keys:
            values = values.get(key) if isinstance(values, dict) else None
        self.add(values)
        if self.tally and values:
            self.tallied += {str(entry[self.tally]) for entry in values}

    def _add_number(self, value: Any) -> None:
        if isinstance(value, list | dict):
            value = len(value)
        self.numbers.append(value if isinstance(value, int | float) else _NOT_A_NUMBER)

    def _add_moment(self, value: Any) -> None:
        self.numbers.append(result_moments.seconds(value))

    def _add_text(self, value: Any) -> None:
        self.texts.append("" if value is None else str(value)[:_LETTERS].replace("\0", ""))

    @property
    def packed(self) -> bytes:
        return "\0".join(self.texts).encode() if self.kind is Kind.TEXT else self.numbers.tobytes()

    @property
    def summary(self) -> dict[str, Any]:
        if self.kind is Kind.TEXT:
            return result_summary.of_words(self.texts)
        if self.kind is Kind.MOMENT:
            return result_summary.of_moments(self.numbers)
        found = result_summary.of_numbers(self.numbers)
        return found | {"tally": result_summary.of_words(self.tallied)} if self.tally else found


def _columns(service: Service) -> list[_Column]:
    return [_Column(field_at(service, column.path).kind, column.path, column.tally) for column in service.columns]


def _make(view: RequestView, service: Service | None, made_of: str) -> dict[str, ResultColumn]:
    """Read all results and keep their columns in place of those there are. Returns them by path."""
    started = time.monotonic()
    columns = _columns(service) if service else []
    names, states = _Column(Kind.TEXT, NAME), bytearray()
    for _, name, state, values in _items(view.request.pk):
        names.add(name)
        states.append(STATES.index(state) if state else WAITING)
        found = orjson.loads(values) if values else None
        for column in columns:
            column.add_from(found)
    rows = [
        ResultColumn(request_id=view.request.pk, path=one.path, kind=one.kind, values=one.packed, summary=one.summary)
        for one in (names, *columns)
    ]
    rows.append(ResultColumn(request_id=view.request.pk, path=STATE, kind=_OF_STATES, values=bytes(states)))
    _keep(view.request.pk, rows, made_of=made_of, made_in_s=time.monotonic() - started)
    return {row.path: row for row in rows}


def _keep(request: UUID, rows: Sequence[ResultColumn], *, made_of: str, made_in_s: float) -> None:
    """Who makes the same at the same time keeps theirs, and ours is given up."""
    made_at = timezone.now()
    for row in rows:
        row.made_of, row.made_in_s, row.made_at = made_of, made_in_s, made_at
    with transaction.atomic():
        ResultColumn.objects.filter(request_id=request)._raw_delete("default")
        ResultColumn.objects.bulk_create(rows, ignore_conflicts=True)
