"""One request: how far it is, what came of its jobs, and what made its results."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from foundry import catalog
from foundry.api import items
from foundry.contract import Service
from foundry.core import cost, history
from foundry.core import requests as readers
from foundry.core.history import JobRow, Pace
from foundry.core.models import JobState, ServiceRequest
from foundry.core.requests import RequestState, RequestView, ResultRow
from foundry.portal import poll
from foundry.portal.catalogue import schema, told, words
from foundry.portal.page import PageRequest, missing
from foundry.portal.requests.index import service_title, title

_ERRORS_SHOWN = 10
_JOBS_SHOWN = 8
#: Those that people look for first.
_URGENT = (JobState.FAILED, JobState.RUNNING)


def find(request: PageRequest, request_id: UUID) -> RequestView:
    """The team's request; another team's is not there. Raises Http404."""
    view = readers.get(team=request.caller.team, request=request_id)
    if view is None:
        raise missing(request, ServiceRequest.objects.filter(pk=request_id))
    return view


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """An item that failed."""

    position: int
    name: str
    source: str
    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """A choice that was made for all items."""

    label: str
    value: str


def context(request: PageRequest, view: RequestView) -> dict[str, Any]:
    """What the page shows, and when to look again unless the request has ended."""
    found = view.request
    service = catalog.services().get(found.service)
    failures = readers.results(request=found.pk, limit=_ERRORS_SHOWN, state="failed") if view.items_failed else []
    return {
        "view": view,
        "title": title(found),
        "service": service,
        "service_title": service_title(found.service),
        "done": view.items_succeeded + view.items_failed,
        "waiting": found.item_count - view.items_succeeded - view.items_failed,
        "says": sentence(view, history.pace(request=found.pk)),
        "retryable": view.items_failed - found.invalid_count if service else 0,
        "failures": [_failure(row, service) for row in failures],
        "jobs": _jobs(view),
        "job_outcomes": history.by_outcome(request=found.pk),
        "options": _options(found),
        "releases": readers.releases(request=found.pk),
        "made_by": readers.provenance(request=found.pk),
        "cost": _cost(found),
        "are_sequences": items.are_sequences(service),
        "artifacts": [one for one in (service.artifacts if service else ()) if not one.per_item],
        "poll": None if view.state.has_ended else poll.following(request),
    }


def sentence(view: RequestView, pace: Pace) -> str:
    """Where the request stands, for people."""
    done, total = view.items_succeeded, view.request.item_count
    match view.state:
        case RequestState.QUEUED:
            return "Waits for a free slot."
        case RequestState.RUNNING:
            return _running(pace)
        case RequestState.SUCCEEDED:
            return f"{'All ' if total > 1 else ''}{words.counted(total)} done{_took(pace)}."
        case RequestState.PARTIAL:
            return f"{words.share(done, total)} a result, {view.items_failed:,} failed."
        case RequestState.FAILED:
            return f"No item has a result; {words.counted(view.items_failed)} failed."
        case RequestState.CANCELLED:
            return f"Cancelled; {words.share(done, total, 'had', 'had')} a result by then."


def _running(pace: Pace) -> str:
    if pace.items_per_s is None or pace.seconds_left is None:
        return "Computing; how long it takes shows with the first results."
    each = f"{words.figure(_two(pace.items_per_s))} items a second"
    return f"About {words.duration(max(1, pace.seconds_left))} left, at {each}."


def _two(value: float) -> float:
    """To two figures."""
    return float(f"{value:.2g}")


def _took(pace: Pace) -> str:
    return f" in {words.duration(pace.seconds)}" if pace.seconds is not None else ""


def _failure(row: ResultRow, service: Service | None) -> Failure:
    source = from_json(row.source) if row.source else {}
    error = from_json(row.error) if row.error else {}
    message = told.message(error.get("message", ""), schema.of(service.item) if service else ())
    return Failure(row.position, row.name, source.get("file") or "", message)


def _jobs(view: RequestView) -> Sequence[JobRow]:
    """All of a few; of many those that run or failed, and then the others."""
    request = view.request.pk
    if view.jobs <= _JOBS_SHOWN:
        return history.jobs(request=request, limit=_JOBS_SHOWN)
    shown: list[JobRow] = []
    for state in _URGENT:
        shown += history.jobs(request=request, limit=_JOBS_SHOWN - len(shown), state=state)
    return shown or history.jobs(request=request, limit=_JOBS_SHOWN)


def _options(found: ServiceRequest) -> list[Option]:
    """In the words of the service's schema and in its order; of a service that is no more as they were kept."""
    service = catalog.services().get(found.service)
    known = {field.name: field for field in schema.of(service.options)} if service else {}
    names = [*(name for name in known if name in found.options), *(name for name in found.options if name not in known)]
    return [_option(name, found.options[name], known.get(name)) for name in names]


def _option(name: str, value: Any, field: schema.Field | None) -> Option:
    return Option(field.label if field else words.label(name), told.value(value, field))


def _cost(found: ServiceRequest) -> dict[str, Any] | None:
    spent = cost.of_request(request=found.pk)
    if spent is None:
        return None
    return {
        "usd": words.money(float(spent.usd)),
        "attempts": spent.attempts,
        "seconds": spent.billed_ms / 1000,
        "by": "; ".join(spent.price_lists),
    }
