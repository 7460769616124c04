"""An address is written to once who gave it has opened a link that was sent there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from foundry.accounts.models import User
from foundry.webhooks import mail_address
from foundry.webhooks.mail_address import AddressError
from foundry.webhooks.models import Mail
from foundry.webhooks.send import send_due

pytestmark = pytest.mark.django_db

URL = re.compile(r"/account/email/([^/]+)/")


@pytest.fixture
def user(owner) -> User:
    owner.caller.user.email = "ada@example.org"
    owner.caller.user.save()
    return owner.caller.user


def token(user: User) -> str:
    """From the link that is sent."""
    mail_address.ask(user)
    send_due()
    found = URL.search(mail.outbox[-1].body)
    assert found
    return found[1]


def test_the_link_confirms(user):
    sent = token(user)
    assert mail.outbox[0].to == ["ada@example.org"]
    assert not mail_address.is_confirmed(user)
    assert mail_address.confirm(user, sent) == "ada@example.org"
    assert mail_address.is_confirmed(user)


def test_another_address_is_to_be_confirmed_again(user):
    sent = token(user)
    mail_address.confirm(user, sent)
    user.email = "stranger@example.org"
    user.save()
    assert not mail_address.is_confirmed(user)
    with pytest.raises(AddressError, match="another address in your account now"):
        mail_address.confirm(user, sent)


def test_the_link_is_of_its_user(user, teammate):
    """A stranger who opens it confirms nothing, nor does another user for themselves."""
    sent = token(user)
    other = teammate.caller.user
    other.email = user.email
    other.save()
    with pytest.raises(AddressError, match="another user's"):
        mail_address.confirm(other, sent)
    assert not mail_address.is_confirmed(other)


@pytest.mark.parametrize("days", [4, 400])
def test_an_old_link_does_not_hold(days, user, monkeypatch):
    sent = token(user)
    later = timezone.now().timestamp() + timedelta(days=days).total_seconds()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    with pytest.raises(AddressError, match="does not hold"):
        mail_address.confirm(user, sent)


@pytest.mark.parametrize("forged", ["", "x", "WzEsImEiXQ:1abc:def"])
def test_what_is_no_link_confirms_nothing(forged, user):
    with pytest.raises(AddressError, match="does not hold"):
        mail_address.confirm(user, forged)


def test_nobody_floods_a_stranger_with_links(user):
    for number in range(5):
        Mail.objects.create(key=f"confirm:{user.pk}:{number}", user=user, to=user.email, subject="", text="")
    with pytest.raises(AddressError, match="5 links were sent within a day"):
        mail_address.ask(user)
    Mail.objects.update(created_at=timezone.now() - timedelta(hours=25))
    mail_address.ask(user)


def test_without_an_address_nothing_is_sent(owner):
    with pytest.raises(AddressError):
        mail_address.ask(owner.caller.user)
    assert not Mail.objects.exists()
