"""The table of a request's items and their results: a page of it, sorted and filtered."""

from __future__ import annotations

import dataclasses
import operator
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched, islice
from typing import Any
from uuid import UUID

from django.db import connection
from pydantic_core import from_json

from foundry.contract import Service
from foundry.core import requests, result_columns
from foundry.core.models import ResultState
from foundry.core.requests import RequestView, ResultRow
from foundry.core.result_columns import NAME, STATE, STATES, Columns

_ROWS_AT_A_TIME = 500
#: From so many rows on, the column of states is faster than counting rows in the database.
_DEEP = 10_000
#: Comparisons of numbers; flags are 1 and 0.
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
    "eq": operator.eq,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """Of a column: `operation` is a key of `_COMPARE`, or `is` or `has` for texts, whose case does not matter."""

    path: str
    operation: str
    value: float | str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which items, in which order."""

    conditions: tuple[Condition, ...] = ()
    #: A part of the item's name.
    name: str = ""
    #: One of STATES.
    state: str = ""
    #: The column to sort by, or NAME or STATE; items without a value in it come last. Empty: by position.
    sort: str = ""
    descending: bool = False

    @property
    def needs_columns(self) -> bool:
        """Whether the database cannot say it at once."""
        return bool(self.conditions or self.name or self.sort)


#: All items by position.
ALL = Query()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """An item of the table."""

    position: int
    name: str
    #: One of STATES.
    state: str
    values: Mapping[str, Any] | None
    error: Mapping[str, Any] | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of the table."""

    rows: Sequence[TableRow]
    #: Rows on all pages.
    total: int
    #: When the columns were made, if there have been more results since.
    as_of: datetime | None = None


def page(view: RequestView, service: Service | None, query: Query, *, offset: int, limit: int) -> Page:
    """Rows of the table, from that one on (0: the first)."""
    if query.needs_columns or (query.state and offset > _DEEP):
        return _from_columns(view, service, query, offset, limit)
    request = view.request
    if query.state:
        total = _total(view, query.state)
        found = _in_state(request.pk, query, offset, limit) if offset < total else []
        return Page(rows=rows(request=request.pk, positions=found), total=total)
    some = _all(view, query)[offset : offset + limit]
    return Page(rows=rows(request=request.pk, positions=some), total=request.item_count)


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands among all rows of the table, and the items beside it."""

    #: 1 is the first row; None if it is not among them.
    number: int | None
    total: int
    previous: int | None = None
    next: int | None = None


def place(view: RequestView, service: Service | None, query: Query, position: int) -> Place:
    """Where the item of that position stands."""
    if (query.state and _total(view, query.state) > _DEEP) or query.needs_columns:
        places, _ = _places(view, service, query)
        return _place(places, position - 1, less=1)
    return _place(positions(view, service, query), position)


def _place(found: Sequence[int], wanted: int, less: int = 0) -> Place:
    """In a list of positions, or of places in the columns, which are positions less one."""
    try:
        at = found.index(wanted)
    except ValueError:
        return Place(None, len(found))
    before, after = found[max(at - 1, 0) : at], found[at + 1 : at + 2]
    return Place(
        at + 1,
        len(found),
        before[0] + less if before else None,
        after[0] + less if after else None,
    )


def positions(view: RequestView, service: Service | None, query: Query) -> Sequence[int]:
    """The items of all pages."""
    if query.needs_columns:
        places, _ = _places(view, service, query)
        return [place + 1 for place in places]
    return _in_state(view.request.pk, query, 0, None) if query.state else _all(view, query)


def results(view: RequestView, service: Service | None, query: Query) -> Iterator[ResultRow]:
    """The results on all pages, read some at a time, so that any number can be streamed."""
    if not (query.needs_columns or query.descending):
        yield from requests.all_results(request=view.request.pk, state=query.state or None)
        return
    for some in batched(positions(view, service, query), _ROWS_AT_A_TIME, strict=False):
        yield from requests.results_at(request=view.request.pk, positions=some)


def _all(view: RequestView, query: Query) -> Sequence[int]:
    return range(1, view.request.item_count + 1)[:: -1 if query.descending else 1]


def _total(view: RequestView, state: str) -> int:
    waiting = view.request.item_count - view.items_succeeded - view.items_failed
    return dict(zip(STATES, (waiting, view.items_succeeded, view.items_failed), strict=True))[state]


_WITH_RESULT = "SELECT position FROM core_result WHERE request_id = %(request)s AND state = %(state)s"
_WITHOUT_RESULT = """SELECT position FROM core_item AS item WHERE request_id = %(request)s AND NOT EXISTS (
    SELECT FROM core_result AS result
    WHERE result.request_id = item.request_id AND result.position = item.position
)"""


def _in_state(request: UUID, query: Query, offset: int, limit: int | None) -> list[int]:
    """Positions of items in the state that is asked for."""
    which = _WITH_RESULT if query.state in ResultState.values else _WITHOUT_RESULT
    with connection.cursor() as cursor:
        cursor.execute(
            f"{which} ORDER BY position {'DESC' if query.descending else ''} OFFSET %(offset)s LIMIT %(limit)s",
            {"request": request, "state": query.state, "offset": offset, "limit": limit},
        )
        return [position for (position,) in cursor.fetchall()]


_ROWS = """
SELECT item.position, item.name, coalesce(result.state, 'waiting'), result.values, result.error::text
FROM core_item AS item
LEFT JOIN core_result AS result ON result.request_id = item.request_id AND result.position = item.position
WHERE item.request_id = %s AND item.position = ANY(%s)
"""


def rows(*, request: UUID, positions: Sequence[int]) -> list[TableRow]:
    """The items at those positions, in their order; those that are not there are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [request, list(positions)])
        found = {row[0]: _row(*row) for row in cursor.fetchall()}
    return [found[position] for position in positions if position in found]


def _row(position: int, name: str, state: str, values: str | None, error: str | None) -> TableRow:
    return TableRow(
        position=position,
        name=name,
        state=state,
        values=from_json(values) if values else None,
        error=from_json(error) if error else None,
    )


def _from_columns(view: RequestView, service: Service | None, query: Query, offset: int, limit: int) -> Page:
    places, as_of = _places(view, service, query)
    found = rows(request=view.request.pk, positions=[place + 1 for place in islice(places, offset, offset + limit)])
    return Page(rows=found, total=len(places), as_of=as_of)


def _places(view: RequestView, service: Service | None, query: Query) -> tuple[Sequence[int], datetime | None]:
    """Places in the columns, and when these were made if there have been more results since."""
    paths = [condition.path for condition in query.conditions] + ([NAME] if query.name else [])
    columns = result_columns.read(view, service, paths, order_by=query.sort or None)
    found = _filtered(_sorted(columns, query, view.request.item_count), columns, query)
    return found, columns.made_at if columns.is_stale else None


def _sorted(columns: Columns, query: Query, items: int) -> Sequence[int]:
    if columns.order is None:
        return range(items)[:: -1 if query.descending else 1]
    if not query.descending:
        return columns.order
    known, unknown = columns.order[: columns.ordered], columns.order[columns.ordered :]
    return known[::-1] + unknown


def _filtered(places: Sequence[int], columns: Columns, query: Query) -> Sequence[int]:
    if query.state:
        states, wanted = columns.values[STATE], STATES.index(query.state)
        places = [place for place in places if states[place] == wanted]
    if query.name:
        places = _having(places, columns.values[NAME], query.name.casefold())
    for condition in query.conditions:
        places = _meeting(places, columns.values[condition.path], condition)
    return places


def _meeting(places: Iterable[int], values: Any, condition: Condition) -> list[int]:
    if isinstance(values, array) and isinstance(condition.value, float):
        compare, value = _COMPARE[condition.operation], condition.value
        return [place for place in places if compare(values[place], value)]
    text = str(condition.value).casefold()
    if condition.operation == "has":
        return _having(places, values, text)
    return [place for place in places if values[place] == text]


def _having(places: Iterable[int], values: Any, part: str) -> list[int]:
    """The places whose text contains the part, both case-folded."""
    return [place for place in places if part in values[place]]
