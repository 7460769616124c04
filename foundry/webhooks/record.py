"""Record what came of a try: in the log, for the next try, and for the endpoint."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from foundry.webhooks import endpoints
from foundry.webhooks.claims import Due
from foundry.webhooks.models import Delivery, DeliveryAttempt, Endpoint, SendingState
from foundry.webhooks.transport import Answer

#: Pauses before each further try; after the last one, more than a day later, the delivery has failed.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
#: Each is longer or shorter by up to this part, so that what failed together is not sent together again.
_JITTER = 0.2
#: An endpoint that has taken nothing for so long is disabled when the next message is given up: one that is told of
#: little shows by a whole day of tries that it is still away.
PATIENCE = timedelta(days=5)
_GONE = 410
_jitter = random.SystemRandom()


def record(due: Due, answer: Answer) -> None:
    """Guarded by (delivery, attempt): of a try that took too long, and was made again, only the log is kept."""
    now = timezone.now()
    state, due_at = _what_next(due, answer, now)
    with transaction.atomic():
        ours = Delivery.objects.filter(pk=due.delivery, attempts=due.attempt, state=SendingState.WAITING)
        recorded = bool(ours.update(state=state, due_at=due_at))
        if not Delivery.objects.filter(pk=due.delivery).exists():
            return  # removed meanwhile, with its endpoint
        DeliveryAttempt.objects.create(
            delivery_id=due.delivery,
            number=due.attempt,
            at=now - timedelta(milliseconds=answer.took_ms),
            took_ms=answer.took_ms,
            status=answer.status,
            error=answer.error,
            answer=answer.body,
        )
        _note(due, answer, now, is_given_up=recorded and state == SendingState.FAILED)


def _what_next(due: Due, answer: Answer, now: datetime) -> tuple[SendingState, datetime]:
    if not answer.error:
        return SendingState.SENT, now
    if due.tries > len(PAUSES):
        return SendingState.FAILED, now
    return SendingState.WAITING, now + PAUSES[due.tries - 1] * _jitter.uniform(1 - _JITTER, 1 + _JITTER)


def _note(due: Due, answer: Answer, now: datetime, *, is_given_up: bool) -> None:
    """What it says about the endpoint."""
    found = Endpoint.objects.filter(pk=due.endpoint)
    if not answer.error:
        found.filter(failing_since__isnull=False).update(failing_since=None)
        return
    found.filter(failing_since=None).update(failing_since=now)
    endpoint = found.select_related("team").get()
    if answer.status == _GONE:
        endpoints.give_up(endpoint, "It answered 410 Gone, which asks for nothing more to be sent.")
    elif is_given_up and endpoint.failing_since and now - endpoint.failing_since >= PATIENCE:
        days = (now - endpoint.failing_since).days
        endpoints.give_up(endpoint, f"Nothing could be delivered for {days} days. At last: {answer.error}")
