"""Claim: a slot takes the next job of its service and release."""

from __future__ import annotations

import dataclasses
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

#: The next job: priority first; then the owner with the fewest jobs running and, among equals, the one who was served
#: longest ago; then age. `turns` walks the queue's index from owner to owner instead of job to job, so the cost grows
#: with the number of owners who wait and not with the number of jobs.
CLAIM = """
WITH RECURSIVE turns AS (
    (
        SELECT priority, owner_id FROM core_job
        WHERE state = 'queued' AND service = %(service)s AND release = %(release)s
        ORDER BY priority DESC, owner_id DESC LIMIT 1
    )
    UNION ALL
    SELECT following.priority, following.owner_id FROM turns CROSS JOIN LATERAL (
        SELECT priority, owner_id FROM core_job
        WHERE state = 'queued' AND service = %(service)s AND release = %(release)s
          AND (priority, owner_id) < (turns.priority, turns.owner_id)
        ORDER BY priority DESC, owner_id DESC LIMIT 1
    ) AS following
),
turn AS (
    SELECT turns.priority, turns.owner_id
    FROM turns
    CROSS JOIN LATERAL (
        SELECT id FROM core_job
        WHERE state = 'queued' AND service = %(service)s AND release = %(release)s
          AND priority = turns.priority AND owner_id = turns.owner_id AND available_at <= statement_timestamp()
        ORDER BY id LIMIT 1
    ) AS oldest
    ORDER BY
        turns.priority DESC,
        (
            SELECT count(*) FROM core_job
            WHERE state = 'running' AND service = %(service)s AND owner_id = turns.owner_id
        ),
        (
            SELECT max(claimed_at) FROM core_job
            WHERE service = %(service)s AND owner_id = turns.owner_id
        ) NULLS FIRST,
        oldest.id
    LIMIT 1
),
next AS (
    SELECT core_job.id FROM core_job, turn
    WHERE core_job.state = 'queued' AND core_job.service = %(service)s AND core_job.release = %(release)s
      AND core_job.priority = turn.priority AND core_job.owner_id = turn.owner_id
      AND core_job.available_at <= statement_timestamp()
    ORDER BY core_job.id LIMIT 1
    FOR UPDATE OF core_job SKIP LOCKED
),
claimed AS (
    UPDATE core_job
    SET state = 'running', attempt = attempt + 1, claimed_at = clock_timestamp(),
        lease_until = clock_timestamp() + %(lease)s
    FROM next WHERE core_job.id = next.id AND core_job.state = 'queued'
    RETURNING core_job.id, core_job.attempt, core_job.request_id, core_job.failures, core_job.attempt_limit
),
attempted AS (
    INSERT INTO core_attempt (job_id, number, state, slot)
    SELECT id, attempt, 'running', %(slot)s FROM claimed
    RETURNING id
)
SELECT claimed.id, claimed.attempt, attempted.id, claimed.request_id, request.options,
       claimed.failures, claimed.attempt_limit
FROM claimed, attempted, core_servicerequest AS request
WHERE request.id = claimed.request_id
"""

#: Jobs that could be claimed now. Asked when a claim came back empty, because other slots may have held the locks.
_WAITING = """
SELECT EXISTS (
    SELECT FROM core_job
    WHERE state = 'queued' AND service = %(service)s AND release = %(release)s AND available_at <= statement_timestamp()
)
"""
_LOCKED_ELSEWHERE_S = 0.005


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """The right to finish a job: good as long as the job runs under this attempt."""

    job: int
    attempt: int
    attempt_id: int
    request: UUID
    options: dict[str, object]
    #: Attempts that have failed before this one, and how many may fail.
    failures: int
    attempt_limit: int

    @property
    def is_last_try(self) -> bool:
        """Whether the job fails for good if this attempt fails."""
        return self.failures + 1 >= self.attempt_limit


def claim(*, service: str, release: str, slot: str, lease: timedelta) -> Claim | None:
    """Take the next job of that service and release, or None if none waits. One statement, safe among any number."""
    values: dict[str, Any] = {"service": service, "release": release, "slot": slot, "lease": lease}
    with connection.cursor() as cursor:
        while True:
            cursor.execute(CLAIM, values)
            if row := cursor.fetchone():
                return Claim(*row)
            cursor.execute(_WAITING, values)
            if not cursor.fetchone()[0]:
                return None
            time.sleep(_LOCKED_ELSEWHERE_S)
