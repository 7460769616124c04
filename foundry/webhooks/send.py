"""Send what is due, never within a transaction: a slot that has nothing more to do calls this, and the sweep."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from foundry.core.compute import close_connection
from foundry.webhooks import claims, mail, record, transport
from foundry.webhooks.claims import Due
from foundry.webhooks.ended import collect
from foundry.webhooks.models import Delivery, Mail, Message, SendingState
from foundry.webhooks.transport import Answer

logger = logging.getLogger(__name__)

#: Sent at the same time.
_AT_ONCE = 8
#: What is sent in one call, so that one call ends.
_MOST = 200
#: What was told is kept for so long: longer than anything waits.
_KEPT = timedelta(days=30)
_REMOVED = 500
#: Left at the end of the time, to record what came of it.
_MARGIN_S = 5


def is_due() -> bool:
    """Look at what has ended, which takes milliseconds; whether there is something to send, which may take long."""
    collect()
    waiting = {"state": SendingState.WAITING, "due_at__lte": Now()}
    return Delivery.objects.filter(**waiting).exists() or Mail.objects.filter(**waiting).exists()


def send_due(*, ends_at: float | None = None) -> int:
    """Send messages and mails that are due, until none is or the time is up. Returns how many were tried.

    `ends_at`: when it must be done, by time.monotonic().
    """
    collect()
    _remove_old()
    sent = 0
    while sent < _MOST and _has_time(ends_at) and (due := claims.claim(at_most=_AT_ONCE)):
        _send(due)
        sent += len(due)
    return sent + mail.send_due(ends_at=ends_at)


def _remove_old() -> None:
    """A bounded number; there is another time."""
    oldest_kept = timezone.now() - _KEPT
    messages = Message.objects.filter(created_at__lt=oldest_kept)
    Message.objects.filter(pk__in=messages.values("pk")[:_REMOVED]).delete()
    mails = Mail.objects.filter(created_at__lt=oldest_kept)
    Mail.objects.filter(pk__in=mails.values("pk")[:_REMOVED]).delete()


def _has_time(ends_at: float | None) -> bool:
    return ends_at is None or ends_at - time.monotonic() > transport.TIMEOUT_S + _MARGIN_S


def _send(due: list[Due]) -> None:
    """No connection is held meanwhile; receivers may be slow."""
    close_connection()
    with ThreadPoolExecutor(len(due)) as pool:
        answers = list(pool.map(_post, due))
    for one, answer in zip(due, answers, strict=True):
        record.record(one, answer)


def _post(due: Due) -> Answer:
    try:
        return transport.post(due.url, due.payload.encode(), due.headers())
    except Exception:  # a fault of ours must not hold up the others
        logger.exception("delivery %s could not be sent", due.delivery)
        return Answer(0, error="The message could not be sent; the operators can see why.")
