"""One item with its figures, its values and what was sent for it; and two items side by side."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from foundry.contract import Artifact, Service
from foundry.core import artifacts, result_table
from foundry.core import requests as readers
from foundry.core.models import ResultState
from foundry.core.requests import RequestView
from foundry.core.result_schema import fields
from foundry.core.result_table import Place, TableRow
from foundry.portal.catalogue import schema
from foundry.portal.page import PageRequest, page
from foundry.portal.requests import results_cells, results_input, results_values
from foundry.portal.requests.detail import find
from foundry.portal.requests.results import around
from foundry.portal.requests.results_query import PAGE, TableAddress
from foundry.portal.requests.results_values import Node

_SVG = "image/svg+xml"
#: Letters of a value beside another one's.
_ROOM = 300
_OF_FIGURES = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "private, max-age=3600",
}


@require_safe
@page(area="requests")
def item(request: PageRequest, request_id: UUID, position: int) -> HttpResponseBase:
    """Everything about one item."""
    view = find(request, request_id)
    row, sent = _row(view, position), _sent(view, position)
    shared = around(request, view)
    service: Service | None = shared["service"]
    place = result_table.place(view, service, shared["address"].query, position)
    context = {
        "row": row,
        "place": place,
        "back": _back(shared["address"], place, position),
        "other": _other(place, position, view.request.item_count),
        "problem": results_cells.problem(row, service),
        "field": _field_label(row, service),
        "sent": results_input.parts(sent, service),
        "excerpts": results_input.excerpts(sent, row.error) if row.error else [],
        "values": _tree(row, service),
        "highlights": _highlights(row, service),
        "figures": _figures(row, service),
        "files": _files(row, service),
    }
    return render(request, "portal/results/item.html", shared | context)


def _back(address: TableAddress, place: Place, position: int) -> str:
    """Where in the table the item is."""
    if place.number is None:
        return address.to()
    return f"{address.to(page=(place.number - 1) // PAGE + 1)}#item-{position}"


def _other(place: Place, position: int, items: int) -> int:
    """What the item may be compared with: one beside it in the table, or else by number."""
    return place.next or place.previous or (position + 1 if position < items else position - 1)


def _row(view: RequestView, position: int) -> TableRow:
    rows = result_table.rows(
        request=view.request.pk, positions=[position] if position <= view.request.item_count else []
    )
    if not rows:
        raise Http404
    return rows[0]


def _sent(view: RequestView, position: int) -> Mapping[str, Any]:
    """The item as the service received it, or as it was sent where it was refused, if that is an object at all."""
    sent = readers.inputs(request=view.request.pk, positions=[position])[position]
    return sent if isinstance(sent, dict) else {"sent": sent}


def _tree(row: TableRow, service: Service | None) -> list[Node]:
    if not (row.values and service):
        return []
    return results_values.tree(row.values, fields(service), {column.path for column in service.columns})


def _field_label(row: TableRow, service: Service | None) -> str:
    """What the form calls the field that is wrong."""
    name = (row.error or {}).get("field") or ""
    known = {field.name: field.label for field in schema.of(service.item)} if service else {}
    return known.get(name, name)


def _highlights(row: TableRow, service: Service | None) -> list[tuple[str, str]]:
    """The service's columns as the table shows them, as far as there is something in them."""
    found = [(column, results_cells.value(row, column)) for column in results_cells.headings(service)]
    return [(column.title, next(results_cells.column([value]))) for column, value in found if value not in (None, "")]


def _figures(row: TableRow, service: Service | None) -> Sequence[Artifact]:
    return [one for one in _drawn(row, service) if one.media_type == _SVG]


def _files(row: TableRow, service: Service | None) -> Sequence[Artifact]:
    return _drawn(row, service)


def _drawn(row: TableRow, service: Service | None) -> Sequence[Artifact]:
    """The artifacts of one item that can be drawn."""
    is_there = service is not None and row.state == ResultState.SUCCEEDED
    return [one for one in service.artifacts if one.per_item] if service and is_there else []


@require_safe
@page(area="requests")
def figure(request: PageRequest, request_id: UUID, position: int, name: str) -> HttpResponseBase:
    """A figure as an image. Its policy lets nothing in it run or load, also if it is opened by itself."""
    view = find(request, request_id)
    row = _row(view, position)
    one = _figure(row, around(request, view)["service"], name)
    text = "".join(artifacts.render(request=view.request, artifact=one, position=position))
    return HttpResponse(text, content_type=_SVG, headers=_OF_FIGURES)


def _figure(row: TableRow, service: Service | None, name: str) -> Artifact:
    """Raises Http404."""
    for one in _figures(row, service):
        if one.name == name:
            return one
    raise Http404


@require_safe
@page(area="requests")
def enlarged(request: PageRequest, request_id: UUID, position: int, name: str) -> HttpResponseBase:
    """A figure as large as it is read with ease, on a page that leads back to the item."""
    view = find(request, request_id)
    row, shared = _row(view, position), around(request, view)
    context = {"row": row, "figure": _figure(row, shared["service"], name)}
    return render(request, "portal/results/figure.html", shared | context)


@require_safe
@page(area="requests")
def sent(request: PageRequest, request_id: UUID, position: int) -> HttpResponseBase:
    """The item as a file: what was sent, whole."""
    view = find(request, request_id)
    _row(view, position)
    disposition = content_disposition_header(as_attachment=True, filename=f"item-{position}.json") or ""
    return JsonResponse(_sent(view, position), headers={"Content-Disposition": disposition})


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    """A value of two items."""

    label: str
    help: str
    nodes: tuple[Node | None, Node | None]

    @property
    def texts(self) -> list[str]:
        return [_told(node, _ROOM) for node in self.nodes]

    @property
    def differs(self) -> bool:
        one, other = (_told(node) for node in self.nodes)
        return one != other


@require_safe
@page(area="requests")
def compare(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """Two items side by side, whose positions are given as `item=1&item=2`."""
    view = find(request, request_id)
    chosen = [int(one) for one in request.GET.getlist("item") if one.isdecimal() and len(one) < 10]
    shared = around(request, view)
    if len(chosen) != 2 or len(set(chosen)) != 2:
        return render(
            request, "portal/results/choose.html", shared | {"chosen": chosen}, status=200 if not chosen else 422
        )
    rows = [_row(view, position) for position in chosen]
    return render(request, "portal/results/compare.html", shared | _sides(rows, shared["service"]))


def _sides(rows: Sequence[TableRow], service: Service | None) -> dict[str, Any]:
    lines = _lines([_tree(row, service) for row in rows])
    drawn = [{one.name: one for one in _figures(row, service)} for row in rows]
    figures = list({**drawn[0], **drawn[1]}.values())
    shown = [
        (one, [row if one.name in there else None for row, there in zip(rows, drawn, strict=True)]) for one in figures
    ]
    problems = [results_cells.problem(row, service) for row in rows]
    return {
        "sides": list(zip(rows, problems, strict=True)),
        "rows": rows,
        "lines": lines,
        "figures": shown,
        "different": sum(line.differs for line in lines),
    }


def _lines(trees: Sequence[Sequence[Node]]) -> list[_Line]:
    """What stands in either of them, in the order of the first."""
    first, second = (dict(results_values.flat(tree)) for tree in trees)
    labels = dict.fromkeys([*first, *second])
    return [
        _Line(
            label,
            (first.get(label) or second[label]).help,
            (first.get(label), second.get(label)),
        )
        for label in labels
    ]


def _told(node: Node | None, room: float = math.inf) -> str:
    """In about so many letters: of a list whole entries, for a part of one may read as another."""
    if node is None:
        return "–"
    if node.heads:
        return f"{len(node.rows) + node.more:,} listed"
    if node.entries:
        shown = _fitting(node.entries, room)
        more = node.more + len(node.entries) - shown
        return f"{', '.join(node.entries[:shown])}{f' and {more:,} more' if more else ''}"
    text = f"{node.whole or node.text} {node.unit}".strip()
    return text if len(text) <= room else f"{text[: int(room)]}…"


def _fitting(entries: Sequence[str], room: float) -> int:
    """How many of them have room; one always has."""
    ends = itertools.accumulate(len(entry) + 2 for entry in entries)
    return max(sum(end <= room for end in ends), 1)
