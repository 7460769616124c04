"""Readers for operators: what waits and what runs, of all services and teams. They read the queue's own indexes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from foundry import catalog
from foundry.core.history import JOB, JobRow, read


@dataclasses.dataclass(slots=True)
class Load:
    """Unfinished jobs of a release."""

    service: str
    release: str
    waiting: int = 0
    running: int = 0
    oldest_waiting: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Unfinished jobs of a service."""

    service: str
    waiting: int
    running: int
    #: Jobs that may run at once, if there are as many slots; None: there is no such service any more.
    limit: int | None
    oldest_waiting: datetime | None


#: The oldest is the one with the lowest id: so the index is all that is read, and of the table one row for each.
_WAITING = """
SELECT queued.service, queued.release, queued.count, oldest.created_at
FROM (
    SELECT service, release, count(*), min(id) AS oldest FROM core_job WHERE state = 'queued' GROUP BY service, release
) AS queued
JOIN core_job AS oldest ON oldest.id = queued.oldest
"""
_RUNNING = "SELECT service, release, count(*) FROM core_job WHERE state = 'running' GROUP BY service, release"


def loads() -> list[Load]:
    """By service and release, where anything is unfinished."""
    found: dict[tuple[str, str], Load] = {}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        for service, release, waiting, oldest in cursor.fetchall():
            found[service, release] = Load(service, release, waiting=waiting, oldest_waiting=oldest)
        cursor.execute(_RUNNING)
        for service, release, running in cursor.fetchall():
            found.setdefault((service, release), Load(service, release)).running = running
    return [found[key] for key in sorted(found)]


def queues(of: Sequence[Load]) -> list[Queue]:
    """The loads by service, with the services that have none."""
    names = sorted({*catalog.services(), *(load.service for load in of)})
    return [_queue(name, [load for load in of if load.service == name]) for name in names]


def _queue(name: str, of: Sequence[Load]) -> Queue:
    service = catalog.services().get(name)
    return Queue(
        service=name,
        waiting=sum(load.waiting for load in of),
        running=sum(load.running for load in of),
        limit=service.limits.concurrency if service else None,
        oldest_waiting=min((load.oldest_waiting for load in of if load.oldest_waiting), default=None),
    )


def running(*, limit: int) -> list[JobRow]:
    """Jobs that run, those first whose lease ends first."""
    return read(f"{JOB} WHERE job.state = 'running' ORDER BY job.lease_until LIMIT %(limit)s", {"limit": limit})


def struggling(*, limit: int) -> list[JobRow]:
    """Unfinished jobs with failed attempts, those with the most first."""
    return read(
        f"{JOB} WHERE job.state IN ('queued', 'running') AND job.failures >= 1 ORDER BY job.failures DESC, job.id "
        "LIMIT %(limit)s",
        {"limit": limit},
    )
