"""Nudge: tell whoever runs slots that there is work. The row is the truth; a nudge may be lost."""

from __future__ import annotations

import functools
import logging
from typing import Protocol

from django.conf import settings
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from foundry import catalog
from foundry.core.models import Job, JobState

logger = logging.getLogger(__name__)


class Dispatcher(Protocol):
    """Starts slots: `foundry.dispatch` has one for each place where jobs can run."""

    def dispatch(self, *, service: str, release: str, slots: int) -> None:
        """Start up to that many slots, each calling `foundry.core.work.work`, and return at once."""


@functools.cache
def _dispatcher(path: str) -> Dispatcher:
    dispatcher: Dispatcher = import_string(path)()
    return dispatcher


def nudge(*, service: str, release: str) -> None:
    """Dispatch as many slots as there are jobs waiting, within the service's concurrency limit.

    A nudge that fails is only logged: the sweep repeats it.
    """
    try:
        if slots := _missing_slots(service, release):
            _dispatcher(settings.FOUNDRY_DISPATCHER).dispatch(service=service, release=release, slots=slots)
    except Exception:
        logger.exception("nudge failed for %s %s; the sweep will repeat it", service, release)


def _missing_slots(service: str, release: str) -> int:
    """Jobs that wait, at most as many as the service may run on top of those that run."""
    running = Job.objects.filter(service=service, state=JobState.RUNNING).count()
    free = max(0, catalog.get(service).limits.concurrency - running)
    claimable = Job.objects.filter(service=service, release=release, state=JobState.QUEUED, available_at__lte=Now())
    waiting = claimable[:free].count()
    return min(free, waiting)
