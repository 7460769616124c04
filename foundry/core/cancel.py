"""Cancel: the jobs of a request that have not ended are not computed, or not any further."""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction

from foundry.core.errors import NotAllowedNowError

#: In the order of their ids, as everybody locks them who locks several.
_LOCK = """
SELECT id FROM core_job
WHERE request_id = %(request)s AND state IN ('queued', 'running')
ORDER BY id FOR UPDATE
"""
_CANCEL = """
WITH cancelled AS (
    UPDATE core_job
    SET state = 'cancelled', finished_at = clock_timestamp(), lease_until = NULL, item_in_hand = NULL
    WHERE id = ANY(%(jobs)s)
    RETURNING id, attempt
),
ended AS (
    UPDATE core_attempt SET state = 'cancelled', finished_at = clock_timestamp()
    FROM cancelled
    WHERE core_attempt.job_id = cancelled.id AND core_attempt.number = cancelled.attempt
      AND core_attempt.state = 'running'
)
SELECT count(*) FROM cancelled
"""


def cancel(*, request: UUID) -> int:
    """Cancel what has not ended; results that are there stay. A slot that computes one of the jobs can save no more.

    Returns how many jobs were cancelled. Raises NotAllowedNowError if all have ended.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, {"request": request})  # so that _CANCEL sees the attempt of a claim that came before
        cursor.execute(_CANCEL, {"jobs": [job for (job,) in cursor.fetchall()]})
        count: int = cursor.fetchone()[0]
    if count == 0:
        raise NotAllowedNowError("The request has ended already; there is nothing to cancel.")
    return count
