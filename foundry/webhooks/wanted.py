"""Whether somebody who sends is to be woken, asked by slots that cannot: a service's function has none of these models.

Word of jobs that have ended is there until somebody who can send has looked; see `foundry.webhooks.ended`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

#: A request has ended of which an endpoint or its owner may be told, and nobody is at it.
_IS_WANTED = """
SELECT EXISTS (
    SELECT FROM webhooks_jobended AS word JOIN core_servicerequest AS request ON request.id = word.request_id
    WHERE (
        EXISTS (SELECT FROM webhooks_endpoint WHERE team_id = request.team_id AND disabled_at IS NULL)
        OR %(mails)s AND EXISTS (SELECT FROM accounts_user WHERE id = request.owner_id AND mail_when <> 'never')
    )
    AND NOT EXISTS (SELECT FROM core_job WHERE request_id = request.id AND state IN ('queued', 'running'))
) AND NOT EXISTS (SELECT FROM webhooks_turn WHERE until > clock_timestamp())
"""


def is_wanted() -> bool:
    """Whether to wake somebody."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_WANTED, {"mails": bool(settings.FOUNDRY_MAIL_URL)})
        [found] = cursor.fetchone()
    return bool(found)
