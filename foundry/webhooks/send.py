"""Send what is due, never within a transaction: a worker's postman calls this, a slot that has nothing more to do, and
the sweep."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from foundry.core.compute import close_connection
from foundry.webhooks import claims, endpoints, mail, record, transport
from foundry.webhooks.claims import Due, NoSecretError
from foundry.webhooks.ended import collect
from foundry.webhooks.models import Delivery, Mail, Message, SendingState
from foundry.webhooks.transport import Answer

logger = logging.getLogger(__name__)

#: Sent at the same time; a team gets half of it at most.
_AT_ONCE = 2 * claims.OF_ONE_TEAM
#: For so long a round begins to send, and then ends: there are mails too, and others may take their turn.
_ROUND_S = 30
#: Between two looks for what has ended meanwhile, so that nobody waits for others' receivers.
_LOOK_S = 1
#: What was told is kept for so long: longer than anything waits.
_KEPT = timedelta(days=30)
_REMOVED = 500
#: Left at the end of the time, to record what came of it.
_MARGIN_S = 5
#: What mails may take, who go first: a mail server that hangs must not hold up webhooks, nor they the mails.
_MAILS_S = 30


def is_due() -> bool:
    """Look at what has ended, which takes milliseconds; whether there is something to do, which may take long."""
    _look()
    waiting = {"state": SendingState.WAITING, "due_at__lte": Now()}
    deliveries = Delivery.objects.filter(endpoint__disabled_at=None, **waiting)
    return deliveries.exists() or Mail.objects.filter(**waiting).exists() or any(one.exists() for one in _old())


def send_due(*, ends_at: float | None = None) -> int:
    """One round: messages and mails that are due, until none is or the time is up. Returns how many were tried.

    `ends_at`: when it must be done, by time.monotonic().
    """
    _look()
    _remove_old()
    sent = _send_mails(ends_at) + _send_messages(ends_at)
    return sent + _send_mails(ends_at)  # of endpoints that were disabled just now


def _send_mails(ends_at: float | None) -> int:
    mails_end_at = time.monotonic() + _MAILS_S
    return mail.send_due(ends_at=mails_end_at if ends_at is None else min(ends_at, mails_end_at))


def _look() -> None:
    """Who was removed from a team gets no message more, neither of what ended since."""
    endpoints.disable_abandoned()
    collect()


def _old() -> tuple[QuerySet[Message], QuerySet[Mail]]:
    """Messages and mails that are not kept any longer."""
    oldest_kept = timezone.now() - _KEPT
    return Message.objects.filter(created_at__lt=oldest_kept), Mail.objects.filter(created_at__lt=oldest_kept)


def _remove_old() -> None:
    """A bounded number; there is another time."""
    for found in _old():
        found.filter(pk__in=list(found.values_list("pk", flat=True)[:_REMOVED])).delete()


def _send_messages(ends_at: float | None) -> int:
    """Each that arrives, or does not, makes room for another."""
    looked = time.monotonic()
    last_begins = looked + _ROUND_S
    if ends_at is not None:
        last_begins = min(last_begins, ends_at - transport.TIMEOUT_S - _MARGIN_S)
    under_way: dict[Future[Answer], Due] = {}
    sent = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while True:
            if time.monotonic() > looked + _LOOK_S:
                _look()
                looked = time.monotonic()
            room = _AT_ONCE - len(under_way) if time.monotonic() < last_begins else 0
            claimed = claims.claim(at_most=room, under_way=under_way.values()) if room else []
            under_way |= {pool.submit(_post, one): one for one in claimed}
            sent += len(claimed)
            if not under_way:
                return sent
            for answered in _wait(under_way):
                record.record(under_way.pop(answered), answered.result())


def _wait(under_way: Collection[Future[Answer]]) -> set[Future[Answer]]:
    """Those that are done soon. No connection is held meanwhile; receivers may be slow."""
    if not any(one.done() for one in under_way):
        close_connection()
    return wait(under_way, timeout=_LOOK_S, return_when=FIRST_COMPLETED).done


def _post(due: Due) -> Answer:
    try:
        return transport.post(due.url, due.payload.encode(), due.headers())
    except NoSecretError as error:
        return Answer(0, error=str(error))
    except Exception:  # a fault of ours must not hold up the others
        logger.exception("delivery %s could not be sent", due.delivery)
        return Answer(0, error="The message could not be sent; the operators can see why.")
