"""Readers: requests with their state and progress, and the results of their items."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value, When
from django.db.models.functions import Cast, Coalesce
from pydantic_core import from_json

from foundry.accounts.models import Team
from foundry.core.models import Attempt, Job, JobState, ServiceRequest


class RequestState(StrEnum):
    """Derived from the request's jobs; never stored."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    #: Some items have a result and some failed.
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens of itself."""
        return self not in (RequestState.QUEUED, RequestState.RUNNING)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request as people see it."""

    request: ServiceRequest
    state: RequestState
    items_succeeded: int
    #: With those refused when the request was accepted.
    items_failed: int
    jobs: int
    started_at: datetime | None
    finished_at: datetime | None


def _jobs_in(state: JobState) -> Count:
    return Count("jobs", filter=Q(jobs__state=state))


_FIRST_ATTEMPT = (
    Attempt.objects.filter(job__request=OuterRef("pk"), number=1)
    .order_by()
    .values("job__request")
    .annotate(began_at=Min("started_at"))
    .values("began_at")
)


def with_progress(requests: QuerySet[ServiceRequest]) -> QuerySet[Any]:
    """The requests with what `view` needs, counted from their jobs."""
    return requests.select_related("owner", "team").annotate(
        job_count=Count("jobs"),
        queued=_jobs_in(JobState.QUEUED),
        running=_jobs_in(JobState.RUNNING),
        cancelled=_jobs_in(JobState.CANCELLED),
        succeeded=Coalesce(Sum("jobs__items_succeeded"), 0),
        failed=Coalesce(Sum("jobs__items_failed"), 0) + F("invalid_count"),
        last_began_at=Min("jobs__claimed_at"),
        tries=Max("jobs__attempt"),
        finished_at=Max("jobs__finished_at"),
        state=Case(
            When(running__gt=0, then=Value(RequestState.RUNNING)),
            When(queued__gt=0, last_began_at=None, then=Value(RequestState.QUEUED)),
            When(queued__gt=0, then=Value(RequestState.RUNNING)),
            When(cancelled__gt=0, then=Value(RequestState.CANCELLED)),
            When(succeeded=0, then=Value(RequestState.FAILED)),
            When(failed__gt=0, then=Value(RequestState.PARTIAL)),
            default=Value(RequestState.SUCCEEDED),
        ),
        # A job knows when its last attempt began; only where there was more than one are they looked at.
        started_at=Case(When(tries__gt=1, then=Subquery(_FIRST_ATTEMPT)), default=F("last_began_at")),
    )


def view(row: Any) -> RequestView:
    """Of a row of `with_progress`."""
    state = RequestState(row.state)
    return RequestView(
        request=row,
        state=state,
        items_succeeded=row.succeeded,
        items_failed=row.failed,
        jobs=row.job_count,
        started_at=row.started_at,
        finished_at=row.finished_at if state.has_ended else None,
    )


def get(*, team: Team, request: UUID) -> RequestView | None:
    """The team's request of that id; None if there is none, or it is another team's."""
    row = with_progress(ServiceRequest.objects.filter(team=team, pk=request)).first()
    return view(row) if row else None


@dataclasses.dataclass(frozen=True, slots=True)
class ResultRow:
    """What one item came to; `values`, `error` and `source` are JSON as it is stored."""

    position: int
    name: str
    source: str | None
    attempt: int | None
    #: The release that computed it; None: the item was refused when the request was accepted.
    release: str | None
    state: str
    values: str | None
    error: str | None


_ROWS = """
SELECT result.position, item.name, item.source::text, result.attempt_id, job.release, result.state,
       result.values::text, result.error::text
FROM core_result AS result
JOIN core_item AS item ON item.request_id = result.request_id AND item.position = result.position
LEFT JOIN core_job AS job ON job.id = item.job_id
WHERE result.request_id = %(request)s
"""
_FOLLOWING = f"""{_ROWS}
  AND result.position > %(after)s AND (%(state)s::text IS NULL OR result.state = %(state)s)
ORDER BY result.position
LIMIT %(limit)s
"""
_AT = f"{_ROWS} AND result.position = ANY(%(positions)s)"


def results(*, request: UUID, after: int = 0, limit: int, state: str | None = None) -> list[ResultRow]:
    """Results by position, from just after that one."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWING, {"request": request, "after": after, "state": state, "limit": limit})
        return [ResultRow(*row) for row in cursor.fetchall()]


def results_at(*, request: UUID, positions: Sequence[int]) -> list[ResultRow]:
    """The results at those positions, in their order; where there is none yet, none."""
    with connection.cursor() as cursor:
        cursor.execute(_AT, {"request": request, "positions": list(positions)})
        found = {row[0]: ResultRow(*row) for row in cursor.fetchall()}
    return [found[position] for position in positions if position in found]


_PAGE = 500


def all_results(*, request: UUID, state: str | None = None) -> Iterator[ResultRow]:
    """All results by position, read a page at a time, so that any number can be streamed."""
    after, page = 0, None
    while page is None or len(page) == _PAGE:
        page = results(request=request, after=after, limit=_PAGE, state=state)
        yield from page
        after = page[-1].position if page else after


def inputs(*, request: UUID, positions: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The items at those positions, as the service received them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, input FROM core_item WHERE request_id = %s AND position = ANY(%s)",
            [request, list(positions)],
        )
        return dict(cursor.fetchall())


def releases(*, request: UUID) -> list[str]:
    """The releases that its jobs are pinned to: more than one after a retry."""
    return list(Job.objects.filter(request=request).values_list("release", flat=True).distinct().order_by("release"))


def provenance(*, request: UUID) -> list[dict[str, Any]]:
    """What made the results: each release with the versions of the service and its libraries."""
    made_by = Attempt.objects.filter(job__request=request, versions__isnull=False)
    # As text, so that PostgreSQL leaves out the many that are alike.
    found = made_by.values_list("job__release", Cast("versions", TextField())).distinct()
    distinct = {(release, tuple(sorted(from_json(versions).items()))) for release, versions in found}
    return [{"release": release, "versions": dict(versions)} for release, versions in sorted(distinct)]


def refused(*, request: UUID, limit: int) -> list[dict[str, Any]]:
    """The first items that were refused when the request was accepted, with their errors."""
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, {"request": request, "limit": limit})
        return [
            {"position": position, "name": name, "source": source, **error} for position, name, source, error in cursor
        ]


_REFUSED = """
SELECT item.position, item.name, item.source, result.error
FROM core_result AS result
JOIN core_item AS item ON item.request_id = result.request_id AND item.position = result.position
WHERE result.request_id = %(request)s AND result.state = 'failed' AND result.attempt_id IS NULL
ORDER BY item.position LIMIT %(limit)s
"""
