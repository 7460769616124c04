"""Taking results home: tables, what was sent, artifacts, or all in one zip."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from foundry.api import files, items
from foundry.api.bundle import ITEMS_DRAWN
from foundry.api.files import ITEMS, TABLES, Asked
from foundry.api.problems import ProblemError
from foundry.core import result_table
from foundry.core.models import ResultState
from foundry.core.requests import RequestView
from foundry.portal.page import PageRequest, page
from foundry.portal.requests.detail import find
from foundry.portal.requests.results import around

_TABLES = (
    ("xlsx", "Excel workbook", "A summary, and a row for each item."),
    ("csv", "CSV", "A row for each item, in the service's columns."),
    ("ndjson", "NDJSON", "Each item's whole result on a line, as the API has it."),
)


@require_safe
@page(area="requests")
def downloads(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """What there is to take."""
    view = find(request, request_id)
    shared = around(request, view)
    known = shared["service"].artifacts if shared["service"] else ()
    context = {
        "tables": _TABLES,
        "artifacts": [one for one in known if not one.per_item],
        "of_items": [one for one in known if one.per_item],
        "items_drawn": ITEMS_DRAWN,
        "are_sequences": items.are_sequences(shared["service"]),
    }
    return render(request, "portal/results/downloads.html", shared | context)


@require_safe
@page(area="requests")
def table(request: PageRequest, request_id: UUID, kind: str) -> HttpResponseBase:
    """The results that a page of the table has under the same query, in its order; with `zip` everything."""
    view = find(request, request_id)
    shared = around(request, view)
    if kind not in TABLES or shared["service"] is None:
        raise Http404
    return _answer(request, view, Asked(kind="results", name=kind, query=shared["address"].query))


@require_safe
@page(area="requests")
def sent(request: PageRequest, request_id: UUID, kind: str) -> HttpResponseBase:
    """What was sent for the items that a page of the table has under the same query."""
    view = find(request, request_id)
    shared = around(request, view)
    if kind not in ITEMS or (kind == "fasta" and not items.are_sequences(shared["service"])):
        raise Http404
    return _answer(request, view, Asked(kind="items", name=kind, query=shared["address"].query))


@require_safe
@page(area="requests")
def artifact(request: PageRequest, request_id: UUID, name: str) -> HttpResponseBase:
    """A file made of the whole request."""
    view = find(request, request_id)
    _require(request, view, name, per_item=False)
    return _answer(request, view, Asked(kind="artifacts", name=name))


@require_safe
@page(area="requests")
def item_artifact(request: PageRequest, request_id: UUID, position: int, name: str) -> HttpResponseBase:
    """A file made of one item that has a result."""
    view = find(request, request_id)
    _require(request, view, name, per_item=True)
    rows = result_table.rows(
        request=view.request.pk, positions=[position] if position <= view.request.item_count else []
    )
    if not rows or rows[0].state != ResultState.SUCCEEDED:
        raise Http404
    return _answer(request, view, Asked(kind="artifacts", name=name, position=position))


def _require(request: PageRequest, view: RequestView, name: str, *, per_item: bool) -> None:
    """Raises Http404 if the service makes no such file."""
    service = around(request, view)["service"]
    if service is None or (name, per_item) not in {(one.name, one.per_item) for one in service.artifacts}:
        raise Http404


def _answer(request: PageRequest, view: RequestView, asked: Asked) -> HttpResponseBase:
    """The file; where it has to be made first, or cannot be, a page that says so."""
    try:
        return files.answer(view, asked)
    except ProblemError as problem:
        response = render(
            request, "portal/results/problem.html", around(request, view) | {"problem": problem}, status=problem.status
        )
        for name, value in problem.headers.items():
            response[name] = value
        return response
