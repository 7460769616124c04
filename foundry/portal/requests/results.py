"""The results of a request as a table, and their distributions."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from foundry import catalog
from foundry.api import items
from foundry.contract import Column, Service
from foundry.core import result_columns, result_moments, result_table
from foundry.core.requests import RequestView
from foundry.core.result_schema import Field, Kind, field_at
from foundry.portal import plots
from foundry.portal.catalogue import words
from foundry.portal.page import PageRequest, page
from foundry.portal.plots import Tell
from foundry.portal.requests import results_cells
from foundry.portal.requests.detail import find
from foundry.portal.requests.index import title
from foundry.portal.requests.results_cells import Heading
from foundry.portal.requests.results_query import OPERATIONS, PAGE, TableAddress


def around(request: PageRequest, view: RequestView) -> dict[str, Any]:
    """What all pages of a request's results show, and the table as it was when they were opened from it."""
    service = catalog.services().get(view.request.service)
    return {
        "view": view,
        "title": title(view.request),
        "service": service,
        "address": TableAddress(request.GET, results_cells.headings(service)),
        "with_result": f"{words.share(view.items_succeeded, view.request.item_count)} a result",
        "succeeded": words.counted(view.items_succeeded),
    }


@require_safe
@page(area="requests")
def table(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """A page of the table, sorted and filtered as the address says."""
    view = find(request, request_id)
    shared = around(request, view)
    address: TableAddress = shared["address"]
    columns = list(address.columns.values())
    if address.has_new and not address.problem:
        return redirect(f"{request.path}{address.to()}")
    found = result_table.page(view, shared["service"], address.query, offset=(address.page - 1) * PAGE, limit=PAGE)
    rows = results_cells.table(found.rows, columns, shared["service"])
    context = {
        "has_help": any(column.help for column in columns),
        "has_times": any(column.kind is Kind.MOMENT and not column.is_date for column in columns),
        "columns": columns,
        "heads": [_head(one, address) for one in (*_FIRST, *columns, _LAST)],
        "found": found,
        "rows": rows,
        "are_sequences": items.are_sequences(shared["service"]),
    }
    return render(request, "portal/results/table.html", shared | context | _paging(address, found.total) | _FORM)


_FORM = {"operations": [(key, words) for key, (words, _) in OPERATIONS.items()]}
#: What every table begins and ends with.
_FIRST = (Heading("#", "", Kind.NUMBER), Heading("Name", result_columns.NAME, Kind.TEXT))
_LAST = Heading("State", result_columns.STATE, Kind.TEXT)


@dataclasses.dataclass(frozen=True, slots=True)
class _Head:
    """A column's heading with its link to sort by it."""

    column: Heading
    to: str
    sorted: str

    @property
    def is_name(self) -> bool:
        """Whether its column stays in sight."""
        return self.column.path == result_columns.NAME


def _head(column: Heading, address: TableAddress) -> _Head:
    ways = {column.path: "ascending", f"-{column.path}": "descending"}
    return _Head(column, address.sorted_by(column.path), ways.get(address.sort, ""))


def _paging(address: TableAddress, total: int) -> dict[str, Any]:
    pages = max((total + PAGE - 1) // PAGE, 1)
    at = address.page
    return {
        "first_row": (at - 1) * PAGE + 1,
        "last_row": min(at * PAGE, total),
        "pages": pages,
        "first": address.to(page=1) if at > 1 else "",
        "previous": address.to(page=min(at - 1, pages)) if at > 1 else "",
        "next": address.to(page=at + 1) if at < pages else "",
        "last": address.to(page=pages) if at < pages else "",
    }


@require_safe
@page(area="requests")
def distributions(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """A plot of each column that has something to show."""
    view = find(request, request_id)
    shared = around(request, view)
    service: Service | None = shared["service"]
    found: list[_Plot] = []
    constant: list[tuple[str, str]] = []
    different: list[str] = []
    as_of = None
    if service and view.items_succeeded:
        summaries, made_at, is_stale = result_columns.summaries(view, service)
        fields = {column.path: field_at(service, column.path) for column in service.columns}
        constant = [
            (column.title, value)
            for column in service.columns
            if (value := _only(summaries[column.path], fields[column.path])) is not None
        ]
        names = {title for title, _ in constant}
        shown = [column for column in service.columns if column.title not in names]
        found = [one for column in shown for one in _plots(column, fields[column.path], summaries[column.path])]
        different = [column.title for column in shown if _is_different(fields[column.path], summaries[column.path])]
        as_of = made_at if is_stale else None
    return render(
        request,
        "portal/results/distributions.html",
        shared | {"plots": found, "constant": constant, "different": different, "as_of": as_of},
    )


def _is_different(field: Field, summary: dict[str, Any]) -> bool:
    """Whether each item has a text of its own."""
    return field.kind is Kind.TEXT and not field.is_choice and 1 < summary["distinct"] == summary["count"]


_FLAGS = {0.0: "no", 1.0: "yes"}


def _only(summary: dict[str, Any], field: Field) -> str | None:
    """The one value that all items have; None if they have several, or none."""
    bars, words = summary.get("bars", ()), summary.get("words", ())
    if len(bars) == 1 and bars[0][0] == bars[0][1]:
        return _FLAGS[bars[0][0]] if field.kind is Kind.FLAG else _tell(field)(bars[0][0])
    return str(words[0][0]) if len(words) == 1 else None


def _tell(field: Field) -> Tell:
    """How its figures are told."""
    return (plots.day if field.is_date else plots.moment) if field.kind is Kind.MOMENT else plots.number


@dataclasses.dataclass(frozen=True, slots=True)
class _Bar:
    """A bar in words: how many items, and the table of them."""

    label: str
    items: int
    to: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Plot:
    title: str
    text: str
    svg: SafeString
    bars: list[_Bar]


def _plots(column: Column, field: Field, summary: dict[str, Any]) -> list[_Plot]:
    found = []
    if field.kind is Kind.TEXT:
        found = [_of_texts(column, field, summary)]
    elif field.kind is Kind.FLAG:
        found = [_of_flags(column, summary)]
    elif summary["count"]:
        found = [_of_numbers(column, field, summary)]
    if tallied := summary.get("tally"):
        found.append(_of_words(f"{column.title}, by {column.tally}", tallied, ""))
    return [one for one in found if one]


def _of_numbers(column: Column, field: Field, summary: dict[str, Any]) -> _Plot:
    bars = [(low, high, items) for low, high, items in summary["bars"]]
    text = plots.described(summary, _tell(field))
    below = plots.calendar(bars) if field.kind is Kind.MOMENT else plots.short
    rows = [_range(column, field, low, high, items) for low, high, items in bars if items]
    return _Plot(column.title, text, plots.histogram(bars, title=column.title, text=text, tell=below), rows)


def _range(column: Column, field: Field, low: float, high: float, items: int) -> _Bar:
    tell = _tell(field)
    if low == high:
        return _Bar(tell(low), items, f"?f={column.path}:is:{_written(field, low)}")
    start, end = _written(field, low), _written(field, high)
    return _Bar(f"{tell(low)} to {tell(high)}", items, f"?f={column.path}:ge:{start}&f={column.path}:lt:{end}")


def _written(field: Field, value: float) -> str:
    """As a condition has it."""
    if field.kind is not Kind.MOMENT:
        return f"{value:.12g}"
    found = result_moments.moment(value)
    return f"{found:%Y-%m-%d}" if value % result_moments.DAY == 0 else f"{found:%Y-%m-%dT%H:%M:%SZ}"


def _of_flags(column: Column, summary: dict[str, Any]) -> _Plot | None:
    found = [(_FLAGS[value], items) for value, _, items in summary.get("bars", ())]
    return _of_words(column.title, {"words": found, "other": 0, "distinct": len(found)}, f"?f={column.path}:is:")


def _of_texts(column: Column, field: Field, summary: dict[str, Any]) -> _Plot | None:
    """Where most items have a text of their own only those that several have."""
    title = column.title
    if not field.is_choice and 2 * summary["distinct"] > summary["count"]:
        shared = [(word, items) for word, items in summary["words"] if items > 1]
        title, summary = f"{title}, where items share it", {"words": shared, "other": 0}
    return _of_words(title, summary, f"?f={column.path}:is:")


def _of_words(title: str, summary: dict[str, Any], to: str) -> _Plot | None:
    """None where there are none."""
    found = [(str(word), int(items)) for word, items in summary["words"]]
    other = int(summary["other"])
    if not found:
        return None
    shown = found + ([("others", other)] if other else [])
    most = sorted(found, key=lambda one: one[1], reverse=True)[:3]
    text = f"Most frequent: {', '.join(f'{word} ({items:,})' for word, items in most)}."
    rows = [_Bar(word, items, f"{to}{quote(word)}" if to else "") for word, items in found]
    return _Plot(title, text, plots.bars(shown, title=title, text=text), rows)
