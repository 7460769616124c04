"""Estimate: what a request will take, by what the service's last jobs took."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from foundry.contract import Service

#: So many of the last jobs of a service are looked at.
_LAST = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of the service's last jobs that succeeded at the first try."""

    jobs: int
    #: The median over items, each taking its share of its job's time from claim to end.
    seconds_per_item: float
    #: The median over items; None where time is not billed.
    usd_per_item: float | None


def measured(*, services: Collection[str]) -> dict[str, Measured]:
    """What is known of those services; one that has not been used yet is not there."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_JOBS, {"services": list(services), "last": _LAST})
        rows = cursor.fetchall()
    jobs: dict[str, list[_Job]] = {}
    for name, items, seconds, usd in rows:
        jobs.setdefault(name, []).append(_Job(items, seconds, None if usd is None else float(usd)))
    return {name: _of(found) for name, found in jobs.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    items: int
    seconds: float
    usd: float | None


def _of(jobs: list[_Job]) -> Measured:
    billed = [(job.usd / job.items, job.items) for job in jobs if job.usd is not None]
    return Measured(
        jobs=len(jobs),
        seconds_per_item=_median((job.seconds / job.items, job.items) for job in jobs),
        usd_per_item=_median(billed) if billed else None,
    )


def _median(weighted: Iterable[tuple[float, int]]) -> float:
    """The value that half of the weight does not exceed."""
    values = sorted(weighted)
    left = sum(weight for _, weight in values) / 2
    for value, weight in values:
        left -= weight
        if left <= 0:
            return value
    raise ValueError("there is nothing to take the median of")


#: Each service walks its part of the index `job_measured`, however many jobs there are.
_LAST_JOBS = """
SELECT service.name, job.items, extract(epoch FROM job.finished_at - job.claimed_at)::float8,
       (SELECT sum(cost_usd) FROM core_attempt WHERE core_attempt.job_id = job.id)
FROM unnest(%(services)s::text[]) AS service (name)
CROSS JOIN LATERAL (
    SELECT id, items, claimed_at, finished_at FROM core_job
    WHERE core_job.service = service.name AND state = 'succeeded' AND attempt = 1
    ORDER BY finished_at DESC LIMIT %(last)s
) AS job
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Of a request whose jobs need not wait for others'. None: not known."""

    jobs: int
    seconds: float | None
    usd: float | None


def estimate(*, service: Service, items: int, jobs: int, known: Mapping[str, Measured]) -> Estimate:
    """For so many items in so many jobs, of which the service runs a few at once."""
    found = known.get(service.name)
    if found is None:
        return Estimate(jobs=jobs, seconds=None, usd=None)
    at_once = max(1, min(jobs, service.limits.concurrency))
    return Estimate(
        jobs=jobs,
        seconds=items * found.seconds_per_item / at_once,
        usd=None if found.usd_per_item is None else items * found.usd_per_item,
    )
