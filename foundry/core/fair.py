"""Fair: what a release leaves to the others of its service, so that a busy one keeps no slot from one that waits."""

from __future__ import annotations

from django.db import connection

#: Releases of the service with jobs in the queue. Walks the queue's index from one to the next.
_WAITING = """
waiting_release AS (
    (SELECT release FROM core_job WHERE state = 'queued' AND service = %(service)s ORDER BY release LIMIT 1)
    UNION ALL
    SELECT following.release FROM waiting_release CROSS JOIN LATERAL (
        SELECT release FROM core_job
        WHERE state = 'queued' AND service = %(service)s AND release > waiting_release.release
        ORDER BY release LIMIT 1
    ) AS following
)
"""

#: Whether there are others than this one, in two looks into that index.
OTHERS_WAIT = """
EXISTS (SELECT FROM core_job WHERE state = 'queued' AND service = %(service)s AND release < %(release)s)
OR EXISTS (SELECT FROM core_job WHERE state = 'queued' AND service = %(service)s AND release > %(release)s)
"""

#: Where there are fewer slots than releases that wait, they take turns: who was served last gives way, until the others
#: have had so many seconds to come. Walks from owner to owner of the service.
_HAD_THE_LAST_TURN = """
WITH RECURSIVE owner AS (
    (SELECT owner_id FROM core_job WHERE service = %(service)s ORDER BY owner_id, claimed_at DESC LIMIT 1)
    UNION ALL
    SELECT following.owner_id FROM owner CROSS JOIN LATERAL (
        SELECT owner_id FROM core_job WHERE service = %(service)s AND owner_id > owner.owner_id
        ORDER BY owner_id, claimed_at DESC LIMIT 1
    ) AS following
)
SELECT last.release = %(release)s AND (
    last.state = 'running'
    OR coalesce(last.finished_at, last.available_at) > statement_timestamp() - interval '30 seconds'
)
FROM owner CROSS JOIN LATERAL (
    SELECT state, release, claimed_at, finished_at, available_at FROM core_job
    WHERE service = %(service)s AND owner_id = owner.owner_id AND claimed_at IS NOT NULL
    ORDER BY claimed_at DESC LIMIT 1
) AS last
ORDER BY last.claimed_at DESC LIMIT 1
"""

#: How many free slots are not this release's. Each release with claimable jobs has an equal part of the service's
#: slots. One that has its part leaves free what others lack of theirs and have jobs for; what is over is anybody's.
LEFT_TO_OTHERS = f"""
WITH RECURSIVE {_WAITING},
rival AS MATERIALIZED (
    SELECT waiting_release.release FROM waiting_release CROSS JOIN LATERAL (
        SELECT id FROM core_job
        WHERE state = 'queued' AND service = %(service)s AND release = waiting_release.release
          AND available_at <= statement_timestamp()
        ORDER BY priority, owner_id, id LIMIT 1
    ) AS claimable
    WHERE waiting_release.release <> %(release)s
),
part AS MATERIALIZED (SELECT %(concurrency)s / (1 + count(*)) AS slots FROM rival),
busy AS MATERIALIZED (
    SELECT release, count(*) AS jobs FROM core_job WHERE state = 'running' AND service = %(service)s GROUP BY release
)
SELECT CASE
    WHEN count(*) > 0 AND max(part.slots) = 0 AND ({_HAD_THE_LAST_TURN}) THEN %(concurrency)s
    ELSE coalesce(sum(lacking.jobs), 0)
END
FROM rival
CROSS JOIN part
CROSS JOIN LATERAL (
    SELECT count(*) AS jobs FROM (
        SELECT FROM core_job
        WHERE state = 'queued' AND service = %(service)s AND release = rival.release
          AND available_at <= statement_timestamp()
        ORDER BY priority, owner_id, id
        LIMIT greatest(0, part.slots - coalesce((SELECT jobs FROM busy WHERE busy.release = rival.release), 0))
    ) AS claimable
) AS lacking
WHERE coalesce((SELECT jobs FROM busy WHERE busy.release = %(release)s), 0) >= part.slots
"""  # noqa: S608  nothing of a caller's

_RELEASES_THAT_WAIT = f"WITH RECURSIVE {_WAITING} SELECT release FROM waiting_release"  # noqa: S608


def releases_that_wait(service: str) -> list[str]:
    """The releases of the service with jobs in the queue, some of which may pause after a failure."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASES_THAT_WAIT, {"service": service})
        return [release for (release,) in cursor.fetchall()]
