"""Readers: a team's requests, the newest first, a page at a time, filtered.

However few requests match, and however many there are, a page looks at a bounded number of them: it may end before it
is full and say from where to look on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from foundry.accounts.models import Team
from foundry.core.models import ServiceRequest
from foundry.core.requests import RequestState, RequestView, view, with_progress

#: How many requests are looked at, at first and then again, until the page is full.
_WINDOWS = (200, 1_000, 2_500)

#: A place in the list: that of the request submitted then, of that id.
type Place = tuple[datetime, UUID]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which requests to list; None means any."""

    service: str | None = None
    state: RequestState | None = None
    #: Part of the label, in any case.
    label: str | None = None
    #: A user's name.
    owner: str | None = None
    tag: str | None = None
    #: Days in UTC, both included.
    since: date | None = None
    until: date | None = None

    @property
    def are_set(self) -> bool:
        """Whether any request is left out."""
        return self != Filters()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some requests, and after which place the list goes on; None: it is at its end."""

    views: Sequence[RequestView]
    following: Place | None
    #: Whether the page is not full although the list goes on: so many requests were looked at.
    looked_at: int | None = None


def page(*, team: Team, filters: Filters, before: Place | None, limit: int) -> Page:
    """The next `limit` requests that match, from just before that place."""
    requests = _between_days(ServiceRequest.objects.filter(team=team), filters)
    found: list[RequestView] = []
    looked_at = 0
    for window in (limit + 1, *_WINDOWS):
        end = _place(requests, before, offset=window - 1)
        found += _matching(requests, filters, before, end, limit + 1 - len(found))
        if len(found) > limit:
            last = found[limit - 1].request
            return Page(views=found[:limit], following=(last.created_at, last.pk))
        if end is None:
            return Page(views=found, following=None)
        before, looked_at = end, looked_at + window
    return Page(views=found, following=before, looked_at=looked_at)


def _between_days(requests: QuerySet[ServiceRequest], filters: Filters) -> QuerySet[ServiceRequest]:
    if filters.since:
        requests = requests.filter(created_at__gte=_midnight(filters.since))
    if filters.until and filters.until < date.max:
        requests = requests.filter(created_at__lt=_midnight(filters.until + timedelta(days=1)))
    return requests


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _place(requests: QuerySet[ServiceRequest], before: Place | None, *, offset: int) -> Place | None:
    """That of the request so many places further down, if there is one. Reads an index and no row."""
    places = requests.filter(_after(before)).order_by("-created_at", "-pk").values_list("created_at", "pk")
    return places[offset : offset + 1].first()


def _matching(
    requests: QuerySet[ServiceRequest], filters: Filters, before: Place | None, end: Place | None, limit: int
) -> list[RequestView]:
    """Of the requests after the one place up to the other, it too."""
    window = requests.filter(_after(before), _up_to(end), _q(filters))
    rows = with_progress(window.order_by("-created_at", "-pk"))
    if filters.state:
        rows = rows.filter(state=filters.state)
    return [view(row) for row in rows[:limit]]


def _q(filters: Filters) -> Q:
    wanted = {
        "service": filters.service,
        "label__icontains": filters.label,
        "owner__username": filters.owner,
        "tags__contains": [filters.tag] if filters.tag else None,
    }
    return Q(**{field: value for field, value in wanted.items() if value})


def _after(place: Place | None) -> Q:
    """Written so that the index is entered at the place instead of being walked to it."""
    if place is None:
        return Q()
    created_at, pk = place
    return Q(created_at__lte=created_at) & ~Q(created_at=created_at, pk__gte=pk)


def _up_to(place: Place | None) -> Q:
    if place is None:
        return Q()
    created_at, pk = place
    return Q(created_at__gte=created_at) & ~Q(created_at=created_at, pk__lt=pk)
