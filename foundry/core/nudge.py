"""Nudge: tell whoever runs slots that there is work. The row is the truth; a nudge may be lost."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
from collections.abc import Iterator, Sequence
from typing import Protocol

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from foundry import catalog
from foundry.core.fair import releases_that_wait
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


def nudge(*, service: str, release: str, jobs: int) -> None:
    """Dispatch slots for that many new jobs, within the service's concurrency limit and the release's part of it.

    No more than that, whatever waits beside them: for those jobs somebody was asked before, who may be on the way.
    A nudge that fails is only logged: the sweep repeats it.
    """
    with _only_logged(service):
        slots = _missing_slots(service, releases_that_wait(service)).get(release, 0)
        _dispatch(service, release, min(jobs, slots))


def nudge_all(*, service: str, releases: Sequence[str]) -> None:
    """Dispatch as many slots as there are jobs waiting on these releases, which share the slots that are free."""
    missing: dict[str, int] = {}
    with _only_logged(service):
        missing = _missing_slots(service, releases)
    for release, slots in missing.items():
        with _only_logged(service):
            _dispatch(service, release, slots)


def nudge_another(*, service: str, release: str) -> None:
    """A slot of that release ends: one of another release that has jobs waiting may have its place."""
    with _only_logged(service):
        others = [other for other in releases_that_wait(service) if other != release]
        for other in list(_missing_slots(service, others))[:1] if others else ():
            _dispatch(service, other, 1)


def _dispatch(service: str, release: str, slots: int) -> None:
    if slots > 0:
        _dispatcher(settings.FOUNDRY_DISPATCHER).dispatch(service=service, release=release, slots=slots)


@contextlib.contextmanager
def _only_logged(service: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        logger.exception("nudge failed for %s; the sweep will repeat it", service)


def _missing_slots(service: str, releases: Sequence[str]) -> dict[str, int]:
    """Slots for the jobs that wait, as many in all as the service may run on top of those that run."""
    jobs = Job.objects.filter(service=service)
    running = dict(jobs.filter(state=JobState.RUNNING).values_list("release").annotate(Count("pk")))
    free = max(0, catalog.get(service).limits.concurrency - sum(running.values()))
    claimable = jobs.filter(state=JobState.QUEUED, available_at__lte=Now())
    waiting = {release: claimable.filter(release=release)[:free].count() for release in releases}
    return _share(free, waiting, running)


def _share(free: int, waiting: dict[str, int], running: dict[str, int]) -> dict[str, int]:
    """One slot after another to the release that has the fewest, so that what drains is not starved by what is new.

    The first is of the one with the fewest; among equals, chance decides, so that none is always the last.
    """
    order = random.sample(list(waiting), len(waiting))
    given: dict[str, int] = {}
    for _ in range(min(free, sum(waiting.values()))):
        hungry = [release for release in order if given.get(release, 0) < waiting[release]]
        poorest = min(hungry, key=lambda release: running.get(release, 0) + given.get(release, 0))
        given[poorest] = given.get(poorest, 0) + 1
    return given
