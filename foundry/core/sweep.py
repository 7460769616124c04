"""Sweep: what is run each minute, so that nothing depends on a message that may be lost."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from operator import itemgetter

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from foundry import catalog
from foundry.core import finish, result_columns
from foundry.core.models import Job, JobState, ServiceRequest
from foundry.core.nudge import nudge_all
from foundry.core.releases import retire_drained

logger = logging.getLogger(__name__)

_UNFINISHED = [JobState.QUEUED, JobState.RUNNING]


@dataclasses.dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, step by step."""

    expired: int
    nudged: int
    #: Releases that were draining and have no unfinished jobs any more.
    retired: int
    removed: int
    #: Steps that failed, and count as 0 above; the log says why.
    failed: int


def sweep(*, removing_s: float = 5) -> Swept:
    """Requeue what lost its slot, nudge for what waits, retire what has drained, remove what is past its retention.

    Safe to run at any time. A step that fails is logged, and the others are done all the same. No removal begins when
    `removing_s` seconds have been spent on removing, but for the first.
    """
    steps: tuple[Callable[[], int], ...] = (
        expire_leases,
        nudge_waiting,
        retire_drained,
        lambda: remove_expired(seconds=removing_s),
    )
    done = [_count(step) for step in steps]
    expired, nudged, retired, removed = (count or 0 for count in done)
    return Swept(expired, nudged, retired, removed, failed=done.count(None))


def _count(step: Callable[[], int]) -> int | None:
    """What the step has done; None: it failed."""
    try:
        return step()
    except Exception:
        logger.exception("a step of the sweep failed; the next sweep repeats it")
        return None


def expire_leases() -> int:
    """Attempts whose lease has run out have failed: their slot died, or stopped renewing."""
    error = finish.AttemptError(
        code="slot_lost",
        message="The computation was lost: its process ended, or did not answer within its lease.",
    )
    return finish.fail_expired(error=error)


#: Walks the queue's index from one service and release to the next.
_WAITING = """
WITH RECURSIVE waiting AS (
    (SELECT service, release FROM core_job WHERE state = 'queued' ORDER BY service, release LIMIT 1)
    UNION ALL
    SELECT following.service, following.release FROM waiting CROSS JOIN LATERAL (
        SELECT service, release FROM core_job
        WHERE state = 'queued' AND (service, release) > (waiting.service, waiting.release)
        ORDER BY service, release LIMIT 1
    ) AS following
)
SELECT service, release FROM waiting
"""


def nudge_waiting() -> int:
    """Nudge for each service and release with jobs in the queue; jobs of a service that is gone stay there."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        waiting = [(service, release) for service, release in cursor.fetchall() if service in catalog.services()]
    for service, pairs in groupby(waiting, key=itemgetter(0)):
        nudge_all(service=service, releases=[release for _, release in pairs])
    return len(waiting)


#: In the order in which one refers to another. Django's own deletion would load every row first.
_REMOVE = (
    "DELETE FROM core_result WHERE request_id = %(request)s",
    "DELETE FROM core_item WHERE request_id = %(request)s",
    "DELETE FROM core_attempt USING core_job WHERE core_job.id = job_id AND core_job.request_id = %(request)s",
    "DELETE FROM core_job WHERE request_id = %(request)s",
    "DELETE FROM core_servicerequest WHERE id = %(request)s",
)


def remove_expired(*, seconds: float) -> int:
    """Remove finished requests past their retention, the oldest first, with all that belongs to them.

    Each in a transaction of its own, as one may have 100,000 results; none begins after that many seconds, but for the
    first. Returns how many. Tables of results that nobody has looked at for long go too; they can be made again.
    """
    result_columns.remove_old()
    ends_at = time.monotonic() + seconds
    removed = 0
    while settings.FOUNDRY_RETENTION_DAYS and _remove_oldest():
        removed += 1
        if time.monotonic() >= ends_at:
            break
    return removed


def _remove_oldest() -> bool:
    """Whether there was a request to remove."""
    oldest_kept = Now() - timedelta(days=settings.FOUNDRY_RETENTION_DAYS)
    unfinished = Job.objects.filter(request=OuterRef("pk"), state__in=_UNFINISHED)
    old = ServiceRequest.objects.filter(~Exists(unfinished), created_at__lt=oldest_kept).order_by("created_at")
    request = old.values_list("pk", flat=True).first()
    if request is None:
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _REMOVE:
            cursor.execute(statement, {"request": request})
    return True
