"""Estimate: what a request will take, by what the service's last jobs took."""

from __future__ import annotations

import dataclasses
import itertools
import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from foundry.contract import Service

#: So many of the last jobs of a service are looked at.
_LAST = 100
#: A job that waited for a slot begins so soon after the one before it.
_NEXT_S = 1.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of the service's last jobs that succeeded at the first try."""

    jobs: int
    #: The median over items, each taking its share of its job's time from claim to end.
    seconds_per_item: float
    #: The median over items; None where time is not billed.
    usd_per_item: float | None
    #: The most of them that ran beside each other.
    at_once: int
    #: Whether one of them began only when another had ended: then there were no more slots than that.
    filled: bool


def measured(*, services: Collection[str]) -> dict[str, Measured]:
    """What is known of those services; one that has not been used yet is not there."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_JOBS, {"services": list(services), "last": _LAST})
        rows = cursor.fetchall()
    jobs: dict[str, list[_Job]] = {}
    for name, items, accepted, began, ended, usd in rows:
        jobs.setdefault(name, []).append(_Job(items, accepted, began, ended, None if usd is None else float(usd)))
    return {name: _of(found) for name, found in jobs.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    items: int
    #: In seconds, of one clock.
    accepted: float
    began: float
    ended: float
    usd: float | None

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def _of(jobs: list[_Job]) -> Measured:
    billed = [(job.usd / job.items, job.items) for job in jobs if job.usd is not None]
    return Measured(
        jobs=len(jobs),
        seconds_per_item=_median((job.seconds / job.items, job.items) for job in jobs),
        usd_per_item=_median(billed) if billed else None,
        at_once=_at_once(jobs),
        filled=_filled(jobs),
    )


def _at_once(jobs: list[_Job]) -> int:
    changes = sorted([(job.ended, -1) for job in jobs] + [(job.began, 1) for job in jobs])
    return max(1, *itertools.accumulate(change for _, change in changes))


def _filled(jobs: list[_Job]) -> bool:
    ends = sorted(job.ended for job in jobs)
    for job in jobs:
        before = bisect_right(ends, job.began)
        if before and job.accepted < ends[before - 1] and job.began - ends[before - 1] < _NEXT_S:
            return True
    return False


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
SELECT service.name, job.items, extract(epoch FROM job.created_at)::float8,
       extract(epoch FROM job.claimed_at)::float8, extract(epoch FROM job.finished_at)::float8,
       (SELECT sum(cost_usd) FROM core_attempt WHERE core_attempt.job_id = job.id)
FROM unnest(%(services)s::text[]) AS service (name)
CROSS JOIN LATERAL (
    SELECT id, items, created_at, claimed_at, finished_at FROM core_job
    WHERE core_job.service = service.name AND state = 'succeeded' AND attempt = 1
    ORDER BY finished_at DESC LIMIT %(last)s
) AS job
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Of a request whose jobs need not wait for others'. None: not known.

    How many slots there are is nowhere written down. What is known is how many the last jobs had, and what the service
    may have at most; so there are two times, which are one where the last jobs filled all the slots there were.
    """

    jobs: int
    #: With as many slots as the service may have.
    fastest: float | None
    #: With as many as its last jobs had.
    seconds: float | None
    usd: float | None


def estimate(*, service: Service, items: int, jobs: int, known: Mapping[str, Measured]) -> Estimate:
    """For so many items in so many jobs, of which the service runs a few at once."""
    found = known.get(service.name)
    if found is None:
        return Estimate(jobs=jobs, fastest=None, seconds=None, usd=None)
    work = items * found.seconds_per_item
    seen = min(found.at_once, service.limits.concurrency)
    return Estimate(
        jobs=jobs,
        fastest=_spread(work, jobs, seen if found.filled else service.limits.concurrency),
        seconds=_spread(work, jobs, seen),
        usd=None if found.usd_per_item is None else items * found.usd_per_item,
    )


def _spread(work: float, jobs: int, slots: int) -> float:
    """How long jobs of equal size take on so many slots: some of these have a job more to do than others."""
    return work / jobs * math.ceil(jobs / slots) if jobs else 0.0
