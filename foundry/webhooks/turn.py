"""On Lambda one invocation sends at a time, so that slow receivers hold one place of the function and not all.

The turn is for one round of sending, which is short; who goes on takes it again, and who dies with it does not have it
for long. Who sends looks again when the turn has been given back: so who found it taken need not wait for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import connection

from foundry.core.compute import close_connection
from foundry.webhooks import send
from foundry.webhooks.models import Turn

#: Longer than a round takes.
_LEASE_S = 120

_TAKE = """
INSERT INTO webhooks_turn (name, until) VALUES ('sending', clock_timestamp() + %s * interval '1 second')
ON CONFLICT (name) DO UPDATE SET until = EXCLUDED.until WHERE webhooks_turn.until <= clock_timestamp()
RETURNING until
"""


def send_due(*, ends_at: float) -> int:
    """Send what is due unless somebody is at it, until nothing is or the time is up. Returns how many were tried.

    `ends_at`: when it must be done, by time.monotonic().
    """
    Turn.objects.filter(name=Turn.Name.WOKEN).delete()  # before it is looked, see `foundry.webhooks.waking`
    sent, goes_on = 0, True
    while goes_on and send.is_due():
        with _taken() as is_ours:
            tried = send.send_due(ends_at=ends_at) if is_ours else 0
        sent, goes_on = sent + tried, tried > 0
    return sent


@contextlib.contextmanager
def _taken() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [_LEASE_S])
        taken = cursor.fetchone()
    try:
        yield taken is not None
    except BaseException:
        close_connection()  # which may be what broke
        raise
    finally:
        if taken:
            Turn.objects.filter(name=Turn.Name.SENDING, until=taken[0]).delete()
