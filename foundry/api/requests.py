"""/requests: submit, watch, take the results, cancel, retry."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema, Status
from pydantic import Field

from foundry import catalog
from foundry.accounts.models import Scope
from foundry.api import cursor, files, results, submission
from foundry.api.auth import CallerRequest, reader, writer
from foundry.api.files import Asked
from foundry.api.openapi import SUBMISSION, file_responses
from foundry.api.problems import ProblemError
from foundry.api.schemas import RequestOut, RequestsOut, ResultsOut, Text
from foundry.api.show import show
from foundry.contract import Artifact
from foundry.core import cost, listing, result_table
from foundry.core import requests as selectors
from foundry.core.cancel import cancel
from foundry.core.listing import Filters
from foundry.core.models import ServiceRequest
from foundry.core.requests import RequestState, RequestView
from foundry.core.retry import retry
from foundry.core.submit import submit

router = Router(tags=["requests"], auth=reader)

_REFUSED_SHOWN = 20


@router.post("", response={202: RequestOut}, auth=writer, openapi_extra=SUBMISSION, summary="Submit a service request")
def submit_request(request: CallerRequest, response: HttpResponse) -> Any:
    """Accepted with 202 if at least one item can be computed; items that cannot are in `refused`, with the reason."""
    asked = submission.read(request)
    if asked.priority > 0 and not request.auth.may(Scope.PRIORITY):
        raise ProblemError(403, f"priority: only a token with the scope {Scope.PRIORITY.value!r} may raise it above 0.")
    submitted = submit(caller=request.auth, submission=asked)
    shown = show(request, _find(request, submitted.request.pk))
    refused = selectors.refused(request=submitted.request.pk, limit=_REFUSED_SHOWN)
    response["Location"] = shown.links.self
    if submitted.replayed:
        response["Idempotent-Replayed"] = "true"
    return Status(202, shown.model_dump() | {"refused": refused})


class ListIn(Schema):
    """Which requests."""

    service: Text | None = None
    state: RequestState | None = None
    label: Text | None = Field(default=None, description="Part of the label, in any case.")
    tag: Text | None = Field(default=None, description="One of the tags.")
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, description="From `next` of the page before.")


@router.get("", response=RequestsOut, summary="List requests")
def list_requests(request: CallerRequest, asked: Query[ListIn]) -> RequestsOut:
    """The team's requests, the newest first."""
    page = listing.page(
        team=request.auth.team,
        filters=Filters(service=asked.service, state=asked.state, label=asked.label, tag=asked.tag),
        before=cursor.decode_newest(asked.cursor),
        limit=asked.limit,
    )
    return RequestsOut(
        requests=[show(request, view) for view in page.views],
        next=cursor.next_url(request, cursor.encode(*page.following)) if page.following else None,
    )


@router.get("/{uuid:request_id}", response=RequestOut, summary="Show a request")
def get_request(request: CallerRequest, request_id: UUID) -> Any:
    """State and progress, what computes the results, and what that costs."""
    shown = show(request, _find(request, request_id))
    spent = cost.of_request(request=request_id)
    return shown.model_dump() | {
        "releases": selectors.releases(request=request_id),
        "made_by": selectors.provenance(request=request_id),
        "cost": dataclasses.asdict(spent) if spent else None,
    }


class ResultsIn(Schema):
    """Which results, and how."""

    state: Literal["succeeded", "failed"] | None = None
    format: Literal["json", "ndjson", "csv", "xlsx", "zip"] = Field(
        default="json",
        description="json: a page. ndjson, csv, xlsx: all in one file. zip: these and the artifacts, of all states.",
    )
    limit: int = Field(default=100, ge=1, le=1000, description="Results a page; for json.")
    cursor: str | None = Field(default=None, description="From `next` of the page before; for json.")


@router.get(
    "/{uuid:request_id}/results",
    response=ResultsOut,
    summary="Take the results",
    openapi_extra=file_responses({media_type: {} for media_type in files.TABLES.values()}),
)
def get_results(request: CallerRequest, request_id: UUID, asked: Query[ResultsIn]) -> HttpResponseBase:
    """The results there are, by position. While the request runs, more may come between those listed."""
    view = _find(request, request_id)
    if asked.format == "json":
        return _results_page(request, view.request, asked)
    chosen = result_table.Query(state=asked.state or "")
    return files.answer(view, Asked(kind="results", name=asked.format, query=chosen))


def _results_page(request: HttpRequest, found: ServiceRequest, asked: ResultsIn) -> HttpResponse:
    after = cursor.decode_position(asked.cursor)
    rows = selectors.results(request=found.pk, after=after, limit=asked.limit + 1, state=asked.state)
    page, more = rows[: asked.limit], len(rows) > asked.limit
    following = cursor.next_url(request, cursor.encode(page[-1].position)) if more else None
    return HttpResponse(results.as_json(page, following), content_type="application/json")


@router.get(
    "/{uuid:request_id}/artifacts/{name}",
    summary="Take an artifact",
    openapi_extra=file_responses({"*/*": {}}),
)
def get_artifact(request: CallerRequest, request_id: UUID, name: str, item: int | None = None) -> HttpResponseBase:
    """A file drawn from the results when it is asked for; `item` is a position, for artifacts of one item."""
    view = _find(request, request_id)
    artifact = _artifact(view.request, name)
    if artifact.per_item:
        _require_result(view.request, artifact, item)
    position = item if artifact.per_item else None
    return files.answer(view, Asked(kind="artifacts", name=name, position=position))


def _artifact(found: ServiceRequest, name: str) -> Artifact:
    known = catalog.get(found.service).artifacts
    for artifact in known:
        if artifact.name == name:
            return artifact
    names = ", ".join(artifact.name for artifact in known) or "none"
    raise ProblemError(404, f"{found.service} makes no artifact {name!r}; those it makes: {names}.")


def _require_result(found: ServiceRequest, artifact: Artifact, position: int | None) -> None:
    if position is None:
        raise ProblemError(422, f"item: {artifact.name} is made of one item; give its position, such as ?item=1.")
    if not 1 <= position <= found.item_count:
        raise ProblemError(404, f"item: the request has the positions 1 to {found.item_count}, not {position}.")
    row = next(iter(selectors.results(request=found.pk, after=position - 1, limit=1)), None)
    if row is None or row.position != position:
        raise ProblemError(409, f"item: {position} has no result yet; try again soon.", Retry_After="2")
    if row.values is None:
        raise ProblemError(409, f"item: {position} failed, so nothing can be drawn of it; see its result.")


@router.post("/{uuid:request_id}/cancel", response={202: RequestOut}, auth=writer, summary="Cancel a request")
def cancel_request(request: CallerRequest, request_id: UUID) -> Any:
    """Jobs that have not ended are not computed any further; results that are there stay."""
    cancel(request=_find(request, request_id).request.pk)
    return Status(202, show(request, _find(request, request_id)))


@router.post("/{uuid:request_id}/retry", response={202: RequestOut}, auth=writer, summary="Retry failed items")
def retry_request(request: CallerRequest, request_id: UUID) -> Any:
    """The items that failed in a job are computed again; those refused on submission are not."""
    retry(request=_find(request, request_id).request)
    return Status(202, show(request, _find(request, request_id)))


def _find(request: CallerRequest, request_id: UUID) -> RequestView:
    """The team's request. Another team's is answered like one that is not there."""
    view = selectors.get(team=request.auth.team, request=request_id)
    if view is None:
        raise Http404(f"Your team {request.auth.team.name!r} has no request {request_id}.")
    return view
