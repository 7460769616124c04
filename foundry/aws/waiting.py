"""How long work waits, told with each sweep: infra/schedule.yaml makes a metric of the line, and an alarm of that."""

from __future__ import annotations

import logging

from django.db import connection

from foundry import catalog

logger = logging.getLogger(__name__)

#: A job that failed waits from when it may be tried again; those of services that are gone wait for ever.
_LONGEST = """
SELECT coalesce(max(extract(epoch FROM now() - available_at)), 0) FROM core_job
WHERE state = 'queued' AND service = ANY(%s)
"""


def tell() -> None:
    """Log the time that the job has waited for which waits longest, in seconds; 0 if none does."""
    with connection.cursor() as cursor:
        cursor.execute(_LONGEST, [list(catalog.services())])
        [seconds] = cursor.fetchone()
    # In words of their own: CloudWatch reads no number out of a word.
    logger.info("oldest_waiting_s= %d", max(0, seconds))
