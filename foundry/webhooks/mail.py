"""E-mail, sent like webhooks: claimed, sent outside of transactions, tried again, and given up after a day."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone

from foundry.accounts.models import Role
from foundry.core.compute import close_connection
from foundry.webhooks import mail_address
from foundry.webhooks.models import Endpoint, Mail, SendingState

logger = logging.getLogger(__name__)

_MOST = 50
_LEASE = timedelta(minutes=5)
_PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=18))
#: What one mail may take.
_TIME_S = 15

_CLAIM = """
UPDATE webhooks_mail SET due_at = clock_timestamp() + %s * interval '1 second', tries = tries + 1
WHERE id = (
    SELECT id FROM webhooks_mail WHERE state = 'waiting' AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


def send_due(*, ends_at: float) -> int:
    """Send the mails that are due, until none is or it is `ends_at`, by time.monotonic(). Says how many were tried."""
    sent = 0
    while sent < _MOST and ends_at - time.monotonic() > _TIME_S and (one := _claim()):
        _send(one)
        sent += 1
    return sent


def tell_admins_of_disabled(endpoint: Endpoint, because: str) -> None:
    """Queue a mail to each admin of the team who can be reached."""
    if not settings.FOUNDRY_MAIL_URL:
        return
    active = endpoint.team.membership_set.filter(role=Role.ADMIN, user__is_active=True)
    admins = active.filter(user__in=mail_address.confirmed()).select_related("user")
    text = (
        f"Nothing more is sent to the webhook endpoint {endpoint.url} of the team {endpoint.team.name}.\n\n"
        f"{because}\n\n"
        f"Once it is mended, enable it again: {settings.FOUNDRY_PUBLIC_URL}/account/webhooks/{endpoint.pk}/\n"
    )
    key = f"disabled:{endpoint.pk}:{timezone.now().timestamp():.0f}"
    subject = "A webhook endpoint was disabled"
    mails = [
        Mail(key=f"{key}:{one.user_id}", user=one.user, to=one.user.email, subject=subject, text=text) for one in admins
    ]
    Mail.objects.bulk_create(mails, ignore_conflicts=True)


def _claim() -> Mail | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [_LEASE.total_seconds()])
        row = cursor.fetchone()
    return Mail.objects.get(pk=row[0]) if row else None


def _send(one: Mail) -> None:
    close_connection()  # none is held while the other side takes its time
    error = ""
    try:
        EmailMessage(one.subject, one.text, to=[one.to]).send()
    except Exception as failure:
        logger.warning("mail %s could not be sent: %s", one.pk, failure)
        error = f"{type(failure).__name__}: {failure}"[:300]
    _record(one, error)


def _record(one: Mail, error: str) -> None:
    given_up = one.tries > len(_PAUSES)
    state = SendingState.SENT if not error else SendingState.FAILED if given_up else SendingState.WAITING
    due_at = timezone.now() + (_PAUSES[one.tries - 1] if state == SendingState.WAITING else timedelta())
    ours = Mail.objects.filter(pk=one.pk, tries=one.tries, state=SendingState.WAITING)
    ours.update(state=state, due_at=due_at, error=error)
