"""Retry: the failed items of a request are computed again, in new jobs.

They go where new jobs go: to the live release, which may be the one that mends what failed.
"""

from __future__ import annotations

from functools import partial

from django.db import connection, transaction

from foundry import catalog
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import ServiceRequest
from foundry.core.nudge import nudge
from foundry.core.releases import choose

#: Each job with failed items gets a successor that takes them over; their failed results go. Items refused when the
#: request was accepted stay as they are: no retry mends them.
_RETRY = """
WITH failed AS (
    DELETE FROM core_result
    WHERE request_id = %(request)s AND state = 'failed' AND attempt_id IS NOT NULL
    RETURNING position
),
taken AS (
    SELECT item.position, item.job_id FROM failed
    JOIN core_item AS item ON item.request_id = %(request)s AND item.position = failed.position
),
counts AS (SELECT job_id, count(*) AS items FROM taken GROUP BY job_id),
successor AS (
    INSERT INTO core_job
        (request_id, retry_of_id, state, service, release, owner_id, priority, attempt_limit, items,
         attempt, failures, items_succeeded, items_failed)
    SELECT request_id, id, 'queued', service, %(release)s, owner_id, priority, %(attempt_limit)s, counts.items,
        0, 0, 0, 0
    FROM core_job JOIN counts ON counts.job_id = core_job.id
    RETURNING id, retry_of_id
),
moved AS (
    UPDATE core_item SET job_id = successor.id
    FROM taken JOIN successor ON successor.retry_of_id = taken.job_id
    WHERE core_item.request_id = %(request)s AND core_item.position = taken.position
)
UPDATE core_job SET items = core_job.items - counts.items, items_failed = items_failed - counts.items
FROM counts WHERE core_job.id = counts.job_id
RETURNING counts.items
"""


def retry(*, request: ServiceRequest) -> int:
    """Compute the failed items once more. Returns how many; raises NotAllowedNowError if there are none.

    Raises NotReleasedError too.
    """
    service = catalog.get(request.service)
    with transaction.atomic(), connection.cursor() as cursor:
        release = choose(service.name)
        cursor.execute(_RETRY, {"request": request.pk, "release": release, "attempt_limit": service.limits.attempts})
        counts = [count for (count,) in cursor.fetchall()]
        items: int = sum(counts)
        transaction.on_commit(partial(nudge, service=service.name, release=release, jobs=len(counts)))
    if items == 0:
        raise NotAllowedNowError("The request has no failed items that could be computed again.")
    return items
