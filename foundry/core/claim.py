"""Claim: a slot takes the next job of its service and release."""

from __future__ import annotations

import dataclasses
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from foundry.contract import Service
from foundry.core.cost import NOT_BILLED, Meter
from foundry.core.fair import LEFT_TO_OTHERS, OTHERS_WAIT

#: A job of the slot's release that may be claimed now, within the service's concurrency limit (give or take claims of
#: the same instant): while no other release waits, and while others do. The former is there to be planned in less time.
_DUE = """
    core_job.state = 'queued' AND core_job.service = %(service)s AND core_job.release = %(release)s
    AND core_job.available_at <= statement_timestamp()
"""
_RUNNING = "SELECT count(*) FROM core_job AS running WHERE running.state = 'running' AND running.service = %(service)s"
_CLAIMABLE_ALONE = f"{_DUE} AND ({_RUNNING}) < %(concurrency)s AND NOT ({OTHERS_WAIT})"
_CLAIMABLE = f"{_DUE} AND ({_RUNNING}) + ({LEFT_TO_OTHERS}) < %(concurrency)s"

_CLAIM = """
claimed AS (
    UPDATE core_job
    SET state = 'running', attempt = attempt + 1, claimed_at = clock_timestamp(),
        lease_until = clock_timestamp() + %(lease)s
    FROM next WHERE core_job.id = next.id AND core_job.state = 'queued'
    RETURNING core_job.id, core_job.attempt, core_job.request_id, core_job.failures, core_job.attempt_limit,
              core_job.items_succeeded + core_job.items_failed AS saved
),
attempted AS (
    INSERT INTO core_attempt (job_id, number, state, slot, memory_mb, price_list, usd_per_gb_second, usd_for_invocation,
        billed_from, slot_ends_by)
    SELECT id, attempt, 'running', %(slot)s, %(memory_mb)s, %(price_list)s, %(usd_per_gb_second)s,
        %(usd_for_invocation)s, statement_timestamp() - %(unbilled)s::interval,
        statement_timestamp() + %(left)s::interval
    FROM claimed
    RETURNING id
)
SELECT claimed.id, claimed.attempt, attempted.id, claimed.request_id, request.options,
       claimed.failures, claimed.attempt_limit, claimed.saved
FROM claimed, attempted, core_servicerequest AS request
WHERE request.id = claimed.request_id
"""


def _in_turn(claimable: str) -> str:
    """The next job: priority first; then the owner with the fewest jobs running and, among equals, the one who was
    served longest ago; then age.

    `turns` walks the queue's index from owner to owner instead of job to job, so the cost grows with the number of
    owners who wait and not with the number of jobs.
    """
    return f"""
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
waiting AS MATERIALIZED (
    SELECT turns.priority, turns.owner_id, oldest.id
    FROM turns
    CROSS JOIN LATERAL (
        SELECT id FROM core_job
        WHERE state = 'queued' AND service = %(service)s AND release = %(release)s
          AND priority = turns.priority AND owner_id = turns.owner_id AND available_at <= statement_timestamp()
        ORDER BY id LIMIT 1
    ) AS oldest
),
turn AS (
    SELECT priority, owner_id FROM waiting
    WHERE priority = (SELECT max(priority) FROM waiting)
    ORDER BY
        (
            SELECT count(*) FROM core_job
            WHERE state = 'running' AND service = %(service)s AND owner_id = waiting.owner_id
        ),
        (
            SELECT max(claimed_at) FROM core_job
            WHERE service = %(service)s AND owner_id = waiting.owner_id
        ) NULLS FIRST,
        id
    LIMIT 1
),
next AS (
    SELECT mine.id FROM turn CROSS JOIN LATERAL (
        SELECT id FROM core_job
        WHERE {claimable} AND priority = turn.priority AND owner_id = turn.owner_id
        ORDER BY id LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS mine
),
{_CLAIM}"""  # noqa: S608  nothing of a caller's


CLAIM_ALONE = _in_turn(_CLAIMABLE_ALONE)
CLAIM_IN_TURN = _in_turn(_CLAIMABLE)

#: Somebody holds all jobs of the owner whose turn it is (other slots, a large cancel): then anybody's will do.
_CLAIM_OUT_OF_TURN = f"""
WITH next AS (
    SELECT id FROM core_job WHERE {_CLAIMABLE}
    ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
),
{_CLAIM}"""  # noqa: S608

_CLAIMABLE_EXISTS = f"SELECT EXISTS (SELECT FROM core_job WHERE {_CLAIMABLE})"  # noqa: S608
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
    #: Items that have a result from an earlier attempt.
    saved: int

    @property
    def is_last_try(self) -> bool:
        """Whether the job fails for good if this attempt fails."""
        return self.failures + 1 >= self.attempt_limit


def claim(*, service: Service, release: str, slot: str, lease: timedelta, meter: Meter | None = None) -> Claim | None:
    """Take the next job of that service and release, or None if none may be claimed. Safe among any number of slots.

    `meter` knows what the slot's time costs, where it costs.
    """
    values: dict[str, Any] = {
        "service": service.name,
        "release": release,
        "concurrency": service.limits.concurrency,
        "slot": slot,
        "lease": lease,
    }
    with connection.cursor() as cursor:
        while True:
            for statement in (CLAIM_ALONE, CLAIM_IN_TURN, _CLAIM_OUT_OF_TURN):
                cursor.execute(statement, values | (meter.columns() if meter else NOT_BILLED))
                if row := cursor.fetchone():
                    return Claim(*row)
                cursor.execute(_CLAIMABLE_EXISTS, values)
                if not cursor.fetchone()[0]:
                    return None
            time.sleep(_LOCKED_ELSEWHERE_S)
