"""Lease: what a slot has claimed is its own until then; whoever runs slots renews theirs, or hands their jobs back."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import connection

#: Jobs that slots run. A row that somebody else has locked for the moment is the slot's all the same, but left alone:
#: waiting for it would hold up all others.
_HELD = """
WITH held AS (
    SELECT job.id, attempt.id AS attempt_id, attempt.slot
    FROM core_attempt AS attempt
    JOIN core_job AS job ON job.id = attempt.job_id AND job.attempt = attempt.number
    WHERE attempt.state = 'running' AND job.state = 'running' AND attempt.slot = ANY(%(slots)s)
),
free AS (
    SELECT id FROM core_job WHERE id IN (SELECT id FROM held) AND state = 'running'
    ORDER BY id FOR UPDATE SKIP LOCKED
),
"""

_RENEW = f"""{_HELD}
renewed AS (
    UPDATE core_job SET lease_until = clock_timestamp() + %(lease)s FROM free WHERE core_job.id = free.id
)
SELECT slot FROM held
"""  # noqa: S608  nothing of a caller's

_HAND_BACK = f"""{_HELD}
queued AS (
    UPDATE core_job
    SET state = 'queued', lease_until = NULL, item_in_hand = NULL, available_at = clock_timestamp()
    FROM free WHERE core_job.id = free.id
    RETURNING core_job.id
)
UPDATE core_attempt SET state = 'handed_back', finished_at = clock_timestamp()
FROM held JOIN queued ON queued.id = held.id
WHERE core_attempt.id = held.attempt_id
"""  # noqa: S608

_IN_FLIGHT_S = 0.1


def renew(*, slots: Collection[str], lease: timedelta) -> set[str]:
    """Renew the leases of what these slots run. Returns the slots that run something."""
    values: dict[str, Any] = {"slots": list(slots), "lease": lease}
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, values)
        return {slot for (slot,) in cursor.fetchall()}


def hand_back(*, slots: Collection[str]) -> None:
    """Send back to queued at once what these slots, which are dead, ran; it does not count as a failure.

    Done twice: a claim that was on its way when its slot was killed is made all the same.
    """
    if not slots:
        return
    for pause in (_IN_FLIGHT_S, 0):
        with connection.cursor() as cursor:
            cursor.execute(_HAND_BACK, {"slots": list(slots)})
        time.sleep(pause)
