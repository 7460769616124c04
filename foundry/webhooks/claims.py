"""Claim deliveries: whoever moves one into the future has that long to send it, and nobody else does meanwhile.

Teams take turns: of those with something due, the one with the fewest messages under way is next, and within a team
what has been due for longest. A slow receiver holds up its own team's messages, and no other's.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.db import connection

from foundry.webhooks import signing

#: More than a name may take to resolve and an answer to come.
_LEASE = timedelta(minutes=2)
#: Under way at the same time, of one endpoint and of one team, so that slow ones leave room for the others.
OF_ONE_ENDPOINT, OF_ONE_TEAM = 2, 8

#: `under_way` are the sender's own, as two lists: of each the team and the endpoint.
_CLAIM = """
WITH under_way AS (SELECT * FROM unnest(%(teams)s::bigint[], %(endpoints)s::bigint[]) AS one (team_id, endpoint_id)),
waiting AS (
    SELECT delivery.id, delivery.due_at,
        row_number() OVER (PARTITION BY endpoint.team_id ORDER BY delivery.due_at, delivery.id)
        + (SELECT count(*) FROM under_way WHERE team_id = endpoint.team_id) AS place
    FROM webhooks_endpoint AS endpoint CROSS JOIN LATERAL (
        SELECT id, due_at FROM webhooks_delivery
        WHERE endpoint_id = endpoint.id AND state = 'waiting' AND due_at <= clock_timestamp()
        ORDER BY due_at, id
        LIMIT greatest(0, %(of_endpoint)s - (SELECT count(*) FROM under_way WHERE endpoint_id = endpoint.id))
    ) AS delivery
    WHERE endpoint.disabled_at IS NULL
),
due AS (
    SELECT delivery.id FROM webhooks_delivery AS delivery JOIN waiting ON waiting.id = delivery.id
    WHERE place <= %(of_team)s AND delivery.state = 'waiting' AND delivery.due_at <= clock_timestamp()
    ORDER BY place, waiting.due_at LIMIT %(at_most)s FOR UPDATE OF delivery SKIP LOCKED
)
UPDATE webhooks_delivery AS delivery
SET due_at = clock_timestamp() + %(lease)s * interval '1 second', attempts = attempts + 1, tries = tries + 1
FROM due, webhooks_endpoint AS endpoint, webhooks_message AS message
WHERE delivery.id = due.id AND endpoint.id = delivery.endpoint_id AND message.id = delivery.message_id
RETURNING delivery.id, delivery.attempts, delivery.tries, endpoint.team_id, endpoint.id, endpoint.url, message.id,
    message.payload, ARRAY(
        SELECT seed FROM webhooks_secret
        WHERE endpoint_id = endpoint.id AND (until IS NULL OR until > clock_timestamp()) ORDER BY id DESC
    )
"""


class NoSecretError(Exception):
    """There is nothing to sign with; the message says why, for people."""


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """One try at a delivery."""

    delivery: int
    #: The number of the try, and the same since it was last asked for.
    attempt: int
    tries: int
    team: int
    endpoint: int
    url: str
    message: str
    payload: str
    #: Of each secret that holds, the newest first.
    seeds: list[str]

    def headers(self) -> dict[str, str]:
        """Signed now, as https://www.standardwebhooks.com says, with each secret that holds. Raises NoSecretError."""
        from standardwebhooks import Webhook

        now = datetime.fromtimestamp(int(time.time()), UTC)
        signatures = [Webhook(one).sign(self.message, now, self.payload) for one in self._secrets()]
        return {
            "Content-Type": "application/json",
            "User-Agent": "Foundry",
            "webhook-id": self.message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _secrets(self) -> list[str]:
        found = signing.secrets_of(self.seeds)
        if not found:
            raise NoSecretError("The endpoint's secret ended with the platform's key it was made of; make a new one.")
        return found


def claim(*, at_most: int, under_way: Collection[Due] = ()) -> list[Due]:
    """The next deliveries that are due, with regard to those that are under way."""
    values: dict[str, int | float | list[int]] = {
        "at_most": at_most,
        "of_endpoint": OF_ONE_ENDPOINT,
        "of_team": OF_ONE_TEAM,
        "teams": [one.team for one in under_way],
        "endpoints": [one.endpoint for one in under_way],
        "lease": _LEASE.total_seconds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        return [Due(*row) for row in cursor.fetchall()]
