"""Claim deliveries: whoever moves one into the future has that long to send it, and nobody else does meanwhile."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime, timedelta

from django.db import connection

#: More than a name may take to resolve and an answer to come.
_LEASE = timedelta(minutes=2)
#: Of one endpoint in one claim, so that a slow one leaves room for the others.
_OF_ONE_ENDPOINT = 2

_CLAIM = """
WITH due AS (
    SELECT delivery.id FROM webhooks_endpoint AS endpoint CROSS JOIN LATERAL (
        SELECT id, due_at FROM webhooks_delivery
        WHERE endpoint_id = endpoint.id AND state = 'waiting' AND due_at <= clock_timestamp()
        ORDER BY due_at LIMIT %(of_one)s FOR UPDATE SKIP LOCKED
    ) AS delivery
    WHERE endpoint.disabled_at IS NULL
    LIMIT %(at_most)s
)
UPDATE webhooks_delivery AS delivery
SET due_at = clock_timestamp() + %(lease)s * interval '1 second', attempts = attempts + 1, tries = tries + 1
FROM due, webhooks_endpoint AS endpoint, webhooks_message AS message
WHERE delivery.id = due.id AND endpoint.id = delivery.endpoint_id AND message.id = delivery.message_id
RETURNING delivery.id, delivery.attempts, delivery.tries, endpoint.id, endpoint.url, message.id, message.payload,
    endpoint.secret, CASE WHEN endpoint.old_secret_until > clock_timestamp() THEN endpoint.old_secret ELSE '' END
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """One try at a delivery."""

    delivery: int
    #: The number of the try, and the same since it was last asked for.
    attempt: int
    tries: int
    endpoint: int
    url: str
    message: str
    payload: str
    secret: str
    #: Empty: there is none, or its time is over.
    old_secret: str

    def headers(self) -> dict[str, str]:
        """Signed now, as https://www.standardwebhooks.com says, with each secret that holds."""
        from standardwebhooks import Webhook

        now = datetime.fromtimestamp(int(time.time()), UTC)
        held = [secret for secret in (self.secret, self.old_secret) if secret]
        return {
            "Content-Type": "application/json",
            "User-Agent": "Foundry",
            "webhook-id": self.message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(Webhook(one).sign(self.message, now, self.payload) for one in held),
        }


def claim(*, at_most: int) -> list[Due]:
    """The next deliveries that are due, a few of each endpoint."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"at_most": at_most, "of_one": _OF_ONE_ENDPOINT, "lease": _LEASE.total_seconds()})
        return [Due(*row) for row in cursor.fetchall()]
