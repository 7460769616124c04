"""Who wakes somebody to send, of the slots that cannot: a service's function has none of the models of this app.

Word of jobs that have ended is there until somebody who can send has looked; see `foundry.webhooks.ended`. Many slots
end at the same time, so who wakes leaves word of that too, and nobody else does for a while. Who is woken removes it
before it looks: what ended until then it sees, and who comes later wakes again.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection, transaction

#: If who was woken does not come, somebody else is after so many seconds.
_COMES_WITHIN_S = 15
#: A slot does not wait for longer than that; the sweep sends, too.
_PATIENCE_MS = 2000

#: A request has ended of which an endpoint or its owner may be told, and nobody is at it. There is word of each job;
#: each request is looked at once, for it may have very many.
_CLAIM = """
INSERT INTO webhooks_turn (name, until)
SELECT 'woken', clock_timestamp() + %(comes_within)s * interval '1 second'
WHERE NOT EXISTS (SELECT FROM webhooks_turn WHERE until > clock_timestamp())
AND EXISTS (
    SELECT FROM (SELECT DISTINCT request_id FROM webhooks_jobended) AS word
    JOIN core_servicerequest AS request ON request.id = word.request_id
    WHERE (
        EXISTS (SELECT FROM webhooks_endpoint WHERE team_id = request.team_id AND disabled_at IS NULL)
        OR %(mails)s AND EXISTS (SELECT FROM accounts_user WHERE id = request.owner_id AND mail_when <> 'never')
    )
    AND NOT EXISTS (SELECT FROM core_job WHERE request_id = request.id AND state IN ('queued', 'running'))
)
ON CONFLICT (name) DO UPDATE SET until = EXCLUDED.until WHERE webhooks_turn.until <= clock_timestamp()
RETURNING name
"""


def claim() -> bool:
    """Whether somebody is to be woken, and by whom this was asked; then others are told that nobody is."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [_PATIENCE_MS])
        cursor.execute(_CLAIM, {"comes_within": _COMES_WITHIN_S, "mails": bool(settings.FOUNDRY_MAIL_URL)})
        return cursor.fetchone() is not None
