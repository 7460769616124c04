"""Releases: which version of a service gets its new jobs; seen and changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundry.core import queue, release_table, releases
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import Release, ReleaseState
from foundry.core.queue import Load
from foundry.portal.page import PageRequest, page
from foundry.portal.requests.index import service_title

_CHANGES_SHOWN = 50
#: Of one service, the newest; `manage.py releases` lists the others.
_RELEASES_SHOWN = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """Something that an operator may do to a release."""

    do: Callable[..., Release]
    title: str
    explained: str
    #: In which states it can be done.
    states: tuple[ReleaseState, ...]


CHANGES = {
    "promote": Change(
        releases.promote,
        "Promote",
        "All new requests go to it from now on. The live release gets no more and finishes the jobs it has.",
        (ReleaseState.CANDIDATE,),
    ),
    "withdraw": Change(
        releases.withdraw,
        "Withdraw",
        "It gets no more requests and finishes the jobs it has. The live release gets all new ones.",
        (ReleaseState.CANDIDATE,),
    ),
    "rollback": Change(
        releases.rollback,
        "Roll back",
        "All new requests go to it from now on; nothing is deployed. The live release gets no more, and a candidate, "
        "if there is one, is withdrawn; both finish the jobs they have.",
        (ReleaseState.DRAINING, ReleaseState.RETIRED),
    ),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A release with its unfinished jobs, and what may be done to it."""

    release: Release
    load: Load
    changes: list[tuple[str, Change]]

    @property
    def percent(self) -> str:
        """A candidate's share."""
        return percent(self.release.share)


@require_safe
@page(area="operate", operators=True)
def index(request: PageRequest) -> HttpResponseBase:
    """All that are not pruned, by service, and the last changes."""
    loads = {(load.service, load.release): load for load in queue.loads()}
    found = Release.objects.filter(pruned_at=None).order_by("service", "-recorded_at", "-pk")[:_RELEASES_SHOWN]
    recorded = [_row(release, loads.pop((release.service, release.name), None)) for release in found]
    return render(
        request,
        "portal/operate/releases.html",
        {
            "rows": recorded,
            "unrecorded": list(loads.values()),
            "history": [(one, percent(one.share)) for one in release_table.history(limit=_CHANGES_SHOWN)],
        },
    )


def percent(share: float | None) -> str:
    """A share as people write it; empty for none."""
    return "" if share is None else f"{share * 100:.4g}"


def _row(release: Release, load: Load | None) -> Row:
    changes = [(name, one) for name, one in CHANGES.items() if release.state in one.states]
    return Row(release, load or Load(release.service, release.name), changes)


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="operate", operators=True)
def change(request: PageRequest, action: str) -> HttpResponseBase:
    """Asks first, as it moves what everybody submits from now on."""
    asked = CHANGES.get(action)
    if asked is None:
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    release = Release.objects.filter(service=_word(given, "service"), name=_word(given, "name")).first()
    if release is None:
        raise Http404
    if request.method == "POST":
        return _make(request, asked.do, release)
    return render(request, "portal/operate/change.html", {"release": release, "change": asked})


class ShareForm(forms.Form):
    """The part of the new requests that a candidate gets."""

    service = forms.CharField(max_length=100)
    name = forms.CharField(max_length=100)
    percent = forms.FloatField(min_value=0, max_value=100)


@require_POST
@page(area="operate", operators=True)
def shift(request: PageRequest) -> HttpResponseBase:
    """Gives the candidate another share."""
    form = ShareForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A share is a number of percent, from 0 to 100.")
        return redirect("portal:operate-releases")
    asked = form.cleaned_data
    release = Release.objects.filter(service=asked["service"], name=asked["name"]).first()
    if release is None:
        raise Http404
    return _make(request, releases.shift, release, share=asked["percent"] / 100)


def _make(request: PageRequest, do: Callable[..., Release], release: Release, **more: Any) -> HttpResponseBase:
    """Make the change as the operator who asked for it, and tell what came of it."""
    try:
        made = do(service=release.service, name=release.name, by=request.user.get_username(), **more)
    except (NotAllowedNowError, ValueError) as error:
        messages.error(request, str(error))
    else:
        share = "" if made.share is None else f" with {percent(made.share)} % of the new requests"
        messages.success(request, f"{made.name} is {made.state} for {service_title(made.service)}{share}.")
    return redirect("portal:operate-releases")


def _word(given: Any, name: str) -> str:
    return str(given.get(name, "")).replace("\0", "")
