"""What waits, what runs, and what of it is in trouble."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from django.utils import timezone

from foundry import catalog
from foundry.core import queue
from foundry.core.history import JobRow
from foundry.portal import poll
from foundry.portal.catalogue import words
from foundry.portal.page import PageRequest

_ROWS = 20
#: A lease that has less left is worth a look; who renews it does so well before.
_SHORT_S = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Running:
    """A job that runs, as an operator looks at it."""

    job: JobRow
    slot: str
    since: str
    lease: str
    #: What is wrong with it, if anything.
    trouble: str


def context(request: PageRequest) -> dict[str, Any]:
    """What the page shows, and when to look again while there is work."""
    queues = queue.queues(queue.loads())
    now = timezone.now()
    return {
        "queues": [
            (one, words.duration((now - one.oldest_waiting).total_seconds()) if one.oldest_waiting else "")
            for one in queues
        ],
        "waiting": sum(one.waiting for one in queues),
        "running_count": sum(one.running for one in queues),
        "running": [look(job, now) for job in queue.running(limit=_ROWS)],
        "struggling": queue.struggling(limit=_ROWS),
        "rows": _ROWS,
        "poll": poll.following(request) if any(one.waiting or one.running for one in queues) else None,
    }


def look(job: JobRow, now: datetime) -> Running:
    """A job that runs, with what is wrong with it."""
    attempt = next((one for one in job.attempts if one.finished_at is None), None)
    seconds = (now - attempt.started_at).total_seconds() if attempt else 0
    left_s = (job.lease_until - now).total_seconds() if job.lease_until else 0
    return Running(
        job=job,
        slot=attempt.slot if attempt else "",
        since=words.duration(seconds),
        lease=words.duration(left_s) if left_s > 0 else "over",
        trouble=" ".join(_troubles(job, seconds, left_s)),
    )


def _troubles(job: JobRow, seconds: float, left_s: float) -> list[str]:
    service = catalog.services().get(job.service)
    found = []
    if left_s <= 0:
        found.append("Its lease is over: the next sweep takes it back.")
    elif left_s < _SHORT_S:
        found.append("Its lease ends soon.")
    if service and seconds > service.limits.timeout_s:
        found.append(f"It takes longer than the {service.limits.timeout_s} s it may.")
    if job.failures:
        found.append(f"{job.failures} of {job.attempt_limit} attempts failed before.")
    return found
