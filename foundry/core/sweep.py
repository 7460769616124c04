"""Sweep: what is run each minute, so that nothing depends on a message that may be lost."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from foundry.core import finish
from foundry.core.models import Job, JobState, ServiceRequest
from foundry.core.nudge import nudge

_REMOVED_AT_A_TIME = 100
_UNFINISHED = [JobState.QUEUED, JobState.RUNNING]


@dataclasses.dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    expired: int
    nudged: int
    removed: int


def sweep() -> Swept:
    """Requeue what lost its slot, nudge for what waits, remove what is past its retention. Safe to run at any time."""
    expired = expire_leases()
    nudged = nudge_waiting()
    return Swept(expired, nudged, remove_expired())


def expire_leases() -> int:
    """Attempts whose lease has run out have failed: their slot died, or stopped renewing."""
    error = finish.AttemptError(
        code="slot_lost",
        message="The computation was lost: its process ended, or did not answer within its lease.",
    )
    return len(finish.fail_where("lease_until < clock_timestamp()", error=error))


def nudge_waiting() -> int:
    """Nudge each service that has a job waiting that may be claimed now."""
    waiting = (
        Job.objects.filter(state=JobState.QUEUED, available_at__lte=timezone.now())
        .order_by()
        .values_list("service", "release")
        .distinct()
    )
    for service, release in waiting:
        nudge(service=service, release=release)
    return len(waiting)


def remove_expired() -> int:
    """Remove some of the finished requests that are older than the retention, with all that belongs to them."""
    if not settings.FOUNDRY_RETENTION_DAYS:
        return 0
    oldest_kept = timezone.now() - timedelta(days=settings.FOUNDRY_RETENTION_DAYS)
    unfinished = Job.objects.filter(request=OuterRef("pk"), state__in=_UNFINISHED)
    old = ServiceRequest.objects.filter(~Exists(unfinished), created_at__lt=oldest_kept).order_by("created_at")
    removed = list(old.values_list("pk", flat=True)[:_REMOVED_AT_A_TIME])
    ServiceRequest.objects.filter(pk__in=removed).delete()
    return len(removed)
