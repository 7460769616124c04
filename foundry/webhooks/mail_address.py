"""Whose an e-mail address is: a link that is sent there, and opened by who gave it, shows that it is theirs.

To all other addresses nothing is sent but that one link, so nobody can have strangers written to.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db.models import F, QuerySet
from django.utils import timezone

from foundry.accounts.models import User
from foundry.webhooks.models import Mail

_SALT = "foundry.webhooks.mail_address"
_HOLDS = timedelta(days=3)
#: Links that one user may have sent in a day, whatever the address.
_MOST_A_DAY = 5


class AddressError(Exception):
    """What was asked cannot be done; the message says why, for people."""


def confirmed() -> QuerySet[User]:
    """The users who may be written to."""
    return User.objects.filter(confirmed_email=F("email"), email__gt="")


def is_confirmed(user: User) -> bool:
    """Whether the address in the user's account is known to be theirs."""
    return confirmed().filter(pk=user.pk).exists()


def ask(user: User) -> None:
    """Send a link to the address in the user's account. Raises AddressError."""
    if not (user.email and settings.FOUNDRY_MAIL_URL):
        raise AddressError("There is no address in your account, or nothing that sends mail.")
    mine = f"confirm:{user.pk}:"
    lately = Mail.objects.filter(user=user, key__startswith=mine, created_at__gt=timezone.now() - timedelta(days=1))
    if lately.count() >= _MOST_A_DAY:
        raise AddressError(f"{_MOST_A_DAY} links were sent within a day, which is the most. Try again tomorrow.")
    token = signing.dumps([user.pk, user.email], salt=_SALT)
    text = (
        f"{user.username} has given this address as their own in Foundry, {settings.FOUNDRY_PUBLIC_URL}/.\n\n"
        f"If that was you, open this link within {_HOLDS.days} days and confirm it:\n\n"
        f"{settings.FOUNDRY_PUBLIC_URL}/account/email/{token}/\n\n"
        "If not, do nothing: you get no other mail.\n"
    )
    key = f"{mine}{timezone.now().timestamp():.0f}"
    subject = "Is this your e-mail address?"
    Mail.objects.bulk_create(
        [Mail(key=key, user=user, to=user.email, subject=subject, text=text)], ignore_conflicts=True
    )


def named_by(user: User, token: str) -> str:
    """The address that a link is about. Raises AddressError if it is not the user's, or too old, or not ours."""
    try:
        user_id, email = signing.loads(token, salt=_SALT, max_age=_HOLDS)
    except signing.BadSignature:
        raise AddressError("The link does not hold any more. Have another one sent.") from None
    if user_id != user.pk:
        raise AddressError("The link is another user's. Sign in as who asked for it.")
    if email != user.email:
        raise AddressError(f"The link is about {email}, and there is another address in your account now.")
    return str(email)


def confirm(user: User, token: str) -> str:
    """From now on that address is written to. Returns it. Raises AddressError."""
    email = named_by(user, token)
    User.objects.filter(pk=user.pk).update(confirmed_email=email)
    return email
