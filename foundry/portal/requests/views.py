"""Pages of requests: the list, one of them, its jobs."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from foundry.core import history
from foundry.portal import poll
from foundry.portal.page import PageRequest, page
from foundry.portal.requests import detail, index
from foundry.portal.requests.index import title

_JOBS_A_PAGE = 25


@require_safe
@page(area="requests")
def requests(request: PageRequest) -> HttpResponseBase:
    """The team's requests, the newest first."""
    template = "portal/requests/index.html"
    return render(request, f"{template}#live" if poll.is_look(request) else template, index.context(request))


@require_safe
@page(area="requests")
def show(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """One request."""
    template = "portal/requests/detail.html"
    shown = detail.context(request, detail.find(request, request_id))
    return render(request, f"{template}#live" if poll.is_look(request) else template, shown)


@require_safe
@page(area="requests")
def jobs(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """All its jobs with their attempts, a page at a time."""
    view = detail.find(request, request_id)
    after = request.GET.get("after", "")
    found = history.jobs(request=request_id, after=int(after) if _is_id(after) else 0, limit=_JOBS_A_PAGE + 1)
    shown = found[:_JOBS_A_PAGE]
    following = shown[-1].id if len(found) > _JOBS_A_PAGE else None
    return render(
        request,
        "portal/requests/jobs.html",
        {"view": view, "title": title(view.request), "jobs": shown, "following": following},
    )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
