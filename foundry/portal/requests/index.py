"""The list of a team's requests."""

from __future__ import annotations

import dataclasses
from typing import Any

from foundry import catalog
from foundry.api import cursor
from foundry.api.problems import ProblemError
from foundry.core import listing
from foundry.core.listing import Page, Place
from foundry.core.models import ServiceRequest
from foundry.core.requests import RequestState, RequestView
from foundry.portal import poll
from foundry.portal.page import PageRequest
from foundry.portal.requests.forms import FilterForm

_ROWS = 25


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A request in the list."""

    request: ServiceRequest
    title: str
    service: str
    state: RequestState
    done: int
    failed: int

    @property
    def total(self) -> int:
        return self.request.item_count


def context(request: PageRequest) -> dict[str, Any]:
    """What the page shows, and when to look again if anything on it may change."""
    form = FilterForm(data=request.GET, team=request.caller.team)
    filters = form.filters()
    before = _before(request.GET.get("before"))
    page = listing.page(team=request.caller.team, filters=filters, before=before, limit=_ROWS)
    goes_on = any(not view.state.has_ended for view in page.views)
    return {
        "form": form,
        "is_filtered": filters.are_set,
        "is_first": before is None,
        "rows": [_row(view) for view in page.views],
        "looked_at": page.looked_at,
        "older": _address(request, page),
        "newest": _without(request, "before"),
        "poll": poll.following(request) if goes_on else None,
    }


def title(request: ServiceRequest) -> str:
    """What people call it."""
    return request.label or f"{service_title(request.service)}, {request.created_at:%-d %b %H:%M}"


def service_title(name: str) -> str:
    """That of a service, or the name of one that is no more."""
    service = catalog.services().get(name)
    return service.title if service else name


def _row(view: RequestView) -> Row:
    return Row(
        request=view.request,
        title=title(view.request),
        service=service_title(view.request.service),
        state=view.state,
        done=view.items_succeeded + view.items_failed,
        failed=view.items_failed,
    )


def _before(text: str | None) -> Place | None:
    """Where the page starts; at the newest if that is no place that we gave."""
    try:
        return cursor.decode_newest(text)
    except ProblemError:
        return None


def _address(request: PageRequest, page: Page) -> str | None:
    if page.following is None:
        return None
    query = request.GET.copy()
    query.pop("looks", None)
    query["before"] = cursor.encode(*page.following)
    return f"?{query.urlencode()}"


def _without(request: PageRequest, *names: str) -> str:
    query = request.GET.copy()
    for name in (*names, "looks"):
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}"
