"""Releases: which deployed version of a service's function gets the new jobs, and what becomes of the others.

A job stays on the release it was accepted on. So a release is live, then draining until its jobs are finished, then
retired; until it is pruned it can be live again at once. Each change is one transaction; who made it is kept.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from foundry import catalog
from foundry.core.errors import NotAllowedNowError, NotReleasedError
from foundry.core.models import Release, ReleaseState

_NAME = re.compile(r"(?P<function>[A-Za-z0-9_-]{1,64}):(?P<version>[A-Za-z0-9._-]{1,35})")

#: The candidate, if the draw is below its share, else the live release. Locked as a foreign key would lock it, so that
#: it cannot be retired between this look and the jobs' commit. Not locked: it has changed since the statement began.
_CHOOSE = """
WITH chosen AS MATERIALIZED (
    SELECT id, name FROM core_release
    WHERE service = %(service)s AND (state = 'live' OR state = 'candidate' AND share > %(draw)s)
    ORDER BY state LIMIT 1
),
locked AS (
    SELECT core_release.id FROM core_release JOIN chosen ON chosen.id = core_release.id
    WHERE core_release.state IN ('candidate', 'live')
    FOR KEY SHARE OF core_release
)
SELECT name, EXISTS (SELECT FROM locked) FROM chosen
"""


def choose(service: str) -> str:
    """The release for the jobs of one new request; in the transaction that inserts them.

    Where no release is recorded it is that of this process. Raises NotReleasedError if this process does not compute
    the service.
    """
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_CHOOSE, {"service": service, "draw": random.random()})  # noqa: S311  no secret
            match cursor.fetchone():
                case None if service in settings.FOUNDRY_COMPUTED_ELSEWHERE:
                    raise NotReleasedError(service)
                case None:
                    return str(settings.FOUNDRY_RELEASE)
                case name, True:
                    return str(name)


@transaction.atomic
def record(*, service: str, name: str, by: str, commit: str = "", share: float | None = None) -> Release:
    """A version was deployed: new jobs go to it from now on, or that share of them (0 to 1) if one is given.

    The first release of a service has nothing to share with: it gets all of them, whatever the share. One that was
    recorded before and is not pruned gets its place again; the live one stays so, whatever the share, as after a
    deployment that changed nothing of the service. Raises ValueError, UnknownServiceError and NotAllowedNowError.
    """
    function, version = _parse(name)
    _require_share(share)
    service_version = catalog.get(service).version
    _lock(service)
    live = _current(service, ReleaseState.LIVE)
    if live and live.name == name:
        return live
    if live is None:
        share = None
    elif share is not None:
        _require_no_other_candidate(service, name)
    else:
        _set(live, ReleaseState.DRAINING, by)
    state = ReleaseState.LIVE if share is None else ReleaseState.CANDIDATE
    if release := _find(service, name):
        return _set(release, state, by, share=share)
    return Release.objects.create(
        service=service,
        name=name,
        function=function,
        version=version,
        service_version=service_version,
        commit=commit,
        recorded_by=by,
        changed_by=by,
        state=state,
        share=share,
    )


@transaction.atomic
def shift(*, service: str, name: str, share: float, by: str) -> Release:
    """Give the candidate another share of the new requests, 0 to 1; the live release has what is left and keeps it.

    Raises ValueError and NotAllowedNowError.
    """
    _require_share(share)
    _lock(service)
    release = _get(service, name, ReleaseState.CANDIDATE, ReleaseState.LIVE)
    return release if release.state == ReleaseState.LIVE else _set(release, ReleaseState.CANDIDATE, by, share=share)


@transaction.atomic
def promote(*, service: str, name: str, by: str) -> Release:
    """Make the candidate live; if it is already, it stays so. Raises NotAllowedNowError."""
    _lock(service)
    release = _get(service, name, ReleaseState.CANDIDATE, ReleaseState.LIVE)
    return release if release.state == ReleaseState.LIVE else _make_live(release, by)


@transaction.atomic
def withdraw(*, service: str, by: str, name: str | None = None) -> Release:
    """The candidate gets no more jobs; it finishes those it has. Raises NotAllowedNowError."""
    _lock(service)
    candidate = _get(service, name, ReleaseState.CANDIDATE) if name else _current(service, ReleaseState.CANDIDATE)
    if candidate is None:
        raise NotAllowedNowError(f"{service} has no candidate.")
    return _set(candidate, ReleaseState.DRAINING, by)


@transaction.atomic
def rollback(*, service: str, by: str, name: str | None = None) -> Release:
    """Away from the newest release, which gets no more new jobs, candidate or live. Nothing is deployed.

    With a name that release is live then, and a candidate is withdrawn. Without one, a candidate is withdrawn and the
    live release stays; only where there is no candidate, the last release before the live one that was live is so
    again. Returns what is live then. Raises NotAllowedNowError if there is none to go back to, or if it was pruned.
    """
    _lock(service)
    release = _get(service, name, *ReleaseState) if name else None
    candidate = _current(service, ReleaseState.CANDIDATE)
    if candidate and candidate != release:
        _set(candidate, ReleaseState.DRAINING, by)
        release = release or _live(service)
    release = release or _before(service)
    return release if release.state == ReleaseState.LIVE else _make_live(release, by)


def retire_drained(*, by: str = "sweep") -> int:
    """Draining releases without unfinished jobs are retired. Returns how many.

    One that a submission has just chosen is locked by it, and left for the next time.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM core_release WHERE state = 'draining' ORDER BY id FOR UPDATE SKIP LOCKED")
        if not (draining := [pk for (pk,) in cursor.fetchall()]):
            return 0
        cursor.execute(_RETIRE, {"releases": draining, "by": by})
        retired: int = cursor.rowcount
    return retired


_RETIRE = """
UPDATE core_release SET state = 'retired', changed_by = %(by)s
WHERE id = ANY(%(releases)s)
  AND NOT EXISTS (
    SELECT FROM core_job AS job
    WHERE job.service = core_release.service AND job.release = core_release.name AND job.state = 'queued'
  )
  AND NOT EXISTS (
    SELECT FROM core_job AS job
    WHERE job.service = core_release.service AND job.release = core_release.name AND job.state = 'running'
  )
"""


def services_of(name: str | None) -> list[str]:
    """The services that a release is recorded for."""
    return list(Release.objects.filter(name=name).order_by("service").values_list("service", flat=True))


def with_a_candidate(services: Sequence[str]) -> list[str]:
    """Those of the services that have one."""
    found = Release.objects.filter(service__in=services, state=ReleaseState.CANDIDATE).order_by("service")
    return list(found.values_list("service", flat=True))


def prunable(*, keep: int) -> list[str]:
    """The names whose versions can be removed: retired for every service, and none's last `keep` to roll back to."""
    releases = list(Release.objects.filter(pruned_at=None).order_by("recorded_at", "pk"))
    needed = {release.name for release in releases if release.state != ReleaseState.RETIRED}
    for service in {release.service for release in releases}:
        earlier = Release.objects.filter(service=service, pruned_at=None, changes__state=ReleaseState.LIVE).distinct()
        others = earlier.exclude(state=ReleaseState.LIVE).order_by("-recorded_at", "-pk")
        needed |= {release.name for release in others[:keep]}
    return list(dict.fromkeys(release.name for release in releases if release.name not in needed))


@transaction.atomic
def mark_pruned(*, name: str, by: str) -> int:
    """The version is removed or about to be: it cannot be live again. Returns for how many services it was recorded.

    Raises NotAllowedNowError unless it is retired for all of them.
    """
    releases = Release.objects.select_for_update().filter(name=name, pruned_at=None).order_by("pk")
    for release in releases:
        if release.state != ReleaseState.RETIRED:
            raise NotAllowedNowError(
                f"{name} is {release.state} for {release.service}; only what is retired is pruned."
            )
    pruned = releases.update(pruned_at=Now(), changed_by=by)
    if not pruned:
        raise NotAllowedNowError(f"No release {name!r} that is not pruned is recorded.")
    return pruned


def _lock(service: str) -> None:
    """One change of a service's releases at a time, the first one too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('release of ' || %s, 0))", [service])


def _parse(name: str) -> tuple[str, str]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(
            f"{name!r} names no release: write FUNCTION:VERSION with a published version, such as "
            "foundry-production:7. ($LATEST is none: it is whatever was uploaded last.)"
        )
    return found["function"], found["version"]


def _require_share(share: float | None) -> None:
    if share is not None and not 0 <= share <= 1:
        raise ValueError(f"A share is from 0 to 1, not {share}.")


def _require_no_other_candidate(service: str, name: str) -> None:
    candidate = _current(service, ReleaseState.CANDIDATE)
    if candidate and candidate.name != name:
        raise NotAllowedNowError(f"{service} has the candidate {candidate.name}; promote or withdraw it first.")


def _current(service: str, state: ReleaseState) -> Release | None:
    return Release.objects.filter(service=service, state=state).first()


def _find(service: str, name: str) -> Release | None:
    """Locked, so that it is not pruned meanwhile."""
    return Release.objects.select_for_update(no_key=True).filter(service=service, name=name).first()


def _get(service: str, name: str, *states: ReleaseState) -> Release:
    release = _find(service, name)
    if release is None:
        raise NotAllowedNowError(f"{service} has no release {name!r}.")
    if release.state not in states:
        raise NotAllowedNowError(f"{name} is {release.state} for {service}, not {' or '.join(states)}.")
    return release


def _live(service: str) -> Release:
    live = _current(service, ReleaseState.LIVE)
    if live is None:
        raise NotAllowedNowError(f"{service} has no live release to roll back from.")
    return live


def _before(service: str) -> Release:
    live = _live(service)
    been = Release.objects.filter(service=service, pruned_at=None, changes__state=ReleaseState.LIVE).distinct()
    earlier = been.filter(recorded_at__lt=live.recorded_at).order_by("-recorded_at", "-pk").first()
    if earlier is None:
        raise NotAllowedNowError(f"{service} has no release before {live.name} that was live and is not pruned.")
    return earlier


def _make_live(release: Release, by: str) -> Release:
    live = _current(release.service, ReleaseState.LIVE)
    if live and live != release:
        _set(live, ReleaseState.DRAINING, by)
    return _set(release, ReleaseState.LIVE, by)


def _set(release: Release, state: ReleaseState, by: str, **more: Any) -> Release:
    if release.pruned_at:
        raise NotAllowedNowError(f"{release.name} was pruned; deploy its commit again ({release.commit or 'unknown'}).")
    release.state, release.share, release.changed_by = state, more.get("share"), by
    release.save(update_fields=["state", "share", "changed_by"])
    return release
