"""Those who are woken to send take turns, so that slow receivers hold one of them and not all.

Who sends looks for more before it goes, and once more when it has given back the turn: so who finds the turn taken need
not wait for it. Who dies with it keeps it to the end of its time, and until then the sweep sends.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from django.db import connection

from foundry.webhooks import send
from foundry.webhooks.models import Turn

#: The turn outlasts the time to send by this, in seconds.
_MARGIN_S = 10

_TAKE = """
INSERT INTO webhooks_turn (id, until) VALUES (1, clock_timestamp() + %s * interval '1 second')
ON CONFLICT (id) DO UPDATE SET until = EXCLUDED.until WHERE webhooks_turn.until <= clock_timestamp()
RETURNING until
"""


def send_due(*, ends_at: float) -> int:
    """Send what is due unless somebody is at it, until nothing is or the time is up. Returns how many were tried.

    `ends_at`: when it must be done, by time.monotonic().
    """
    sent, goes_on = 0, True
    while goes_on and send.is_due():
        with _taken(ends_at - time.monotonic() + _MARGIN_S) as is_ours:
            tried = send.send_due(ends_at=ends_at) if is_ours else 0
        sent, goes_on = sent + tried, tried > 0
    return sent


@contextlib.contextmanager
def _taken(lasts_s: float) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [lasts_s])
        taken = cursor.fetchone()
    try:
        yield taken is not None
    finally:
        if taken:
            Turn.objects.filter(until=taken[0]).delete()
