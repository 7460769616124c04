"""Cancel: the jobs of a request that have not ended are not computed, or not any further."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from foundry.core.errors import NotAllowedNowError

_CANCEL = """
WITH cancelled AS (
    UPDATE core_job SET state = 'cancelled', finished_at = clock_timestamp(), lease_until = NULL
    WHERE request_id = %(request)s AND state IN ('queued', 'running')
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
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL, {"request": request})
        count: int = cursor.fetchone()[0]
    if count == 0:
        raise NotAllowedNowError("The request has ended already; there is nothing to cancel.")
    return count
