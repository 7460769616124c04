"""Pages for operators: the queue, a job, what it all costs."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from foundry.core import cancel as canceller
from foundry.core import history
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import JobState, ServiceRequest
from foundry.portal import poll
from foundry.portal.operate import costs, overview
from foundry.portal.page import PageRequest, page


@require_safe
@page(area="operate", operators=True)
def index(request: PageRequest) -> HttpResponseBase:
    """The queue by service, and the jobs that run or struggle."""
    template = "portal/operate/index.html"
    return render(request, f"{template}#live" if poll.is_look(request) else template, overview.context(request))


@require_safe
@page(area="operate", operators=True)
def job(request: PageRequest, job_id: int) -> HttpResponseBase:
    """A job of any team, with its attempts; what it computes is not shown."""
    found = history.job(job=job_id)
    if found is None:
        raise Http404
    of = ServiceRequest.objects.select_related("team", "owner").get(pk=found.request)
    is_running = found.state == JobState.RUNNING
    shown = {
        "job": found,
        "jobs": [found],
        "of": of,
        "is_ours": of.team == request.caller.team,
        "look": overview.look(found, timezone.now()) if is_running else None,
        "goes_on": is_running or found.state == JobState.QUEUED,
    }
    return render(request, "portal/operate/job.html", shown)


@require_POST
@page(area="operate", operators=True)
def cancel(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """Cancels a request of any team."""
    if not ServiceRequest.objects.filter(pk=request_id).exists():
        raise Http404
    try:
        count = canceller.cancel(request=request_id)
    except NotAllowedNowError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"Cancelled: {count:,} job{'' if count == 1 else 's'} of request {request_id}.")
    return redirect("portal:operate")


@require_safe
@page(area="operate", operators=True)
def show_costs(request: PageRequest) -> HttpResponseBase:
    """What was billed, by service, by team and by week."""
    return render(request, "portal/operate/costs.html", costs.context(request.GET))
