"""Readers: the releases with what is on them, and what became of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from foundry.core.models import ReleaseChange


@dataclasses.dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release of a service and the jobs pinned to it."""

    service: str
    release: str
    #: None: jobs are on it, but it is not recorded.
    state: str | None
    share: float | None
    waiting: int
    running: int
    succeeded: int
    failed: int
    service_version: str | None
    commit: str | None
    recorded_at: datetime | None
    recorded_by: str | None
    changed_by: str | None
    pruned_at: datetime | None


_TABLE = """
WITH jobs AS (
    SELECT service, release,
           count(*) FILTER (WHERE state = 'queued') AS waiting,
           count(*) FILTER (WHERE state = 'running') AS running,
           count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
           count(*) FILTER (WHERE state = 'failed') AS failed
    FROM core_job WHERE %(services)s::text[] IS NULL OR service = ANY(%(services)s)
    GROUP BY service, release
)
SELECT service, release, core_release.state, share,
       coalesce(waiting, 0), coalesce(running, 0), coalesce(succeeded, 0), coalesce(failed, 0),
       service_version, commit, recorded_at, recorded_by, changed_by, pruned_at
FROM (
    SELECT *, name AS release FROM core_release WHERE %(services)s::text[] IS NULL OR service = ANY(%(services)s)
) AS core_release
FULL JOIN jobs USING (service, release)
WHERE CASE WHEN core_release.id IS NULL THEN waiting + running > 0 ELSE %(pruned)s OR pruned_at IS NULL END
ORDER BY service, recorded_at DESC NULLS LAST, core_release.id DESC, 2
"""


def table(*, services: Sequence[str] | None = None, pruned: bool = False) -> list[ReleaseRow]:
    """By service, the newest first, then what has unfinished jobs and is not recorded. None: of all services.

    Counts all jobs: not for a page.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLE, {"services": list(services) if services else None, "pruned": pruned})
        return [ReleaseRow(*row) for row in cursor.fetchall()]


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """What became of a release."""

    at: datetime
    by: str
    service: str
    release: str
    #: A state, or `pruned`.
    became: str
    share: float | None


def history(*, services: Sequence[str] | None = None, limit: int) -> list[Change]:
    """The last changes, the newest first."""
    changes = ReleaseChange.objects.select_related("release").order_by("-at", "-pk")
    if services:
        changes = changes.filter(release__service__in=services)
    return [
        Change(
            change.at,
            change.by,
            change.release.service,
            change.release.name,
            "pruned" if change.pruned else change.state,
            change.share,
        )
        for change in changes[:limit]
    ]
