"""In one's account: an address that was given is confirmed before anything else is sent there."""

from __future__ import annotations

import io
import re

import pytest
from django.core import mail
from django.urls import reverse

from foundry.accounts.models import User
from foundry.cli.mail import ConsoleBackend
from foundry.webhooks.mail_address import is_confirmed
from foundry.webhooks.models import Mail
from foundry.webhooks.send import send_due

pytestmark = pytest.mark.django_db

ACCOUNT = reverse("portal:account")
UNCONFIRMED = "before you have confirmed it"


def give(browser, email: str) -> str:
    answer = browser.post(ACCOUNT, {"email": email, "mail_when": "ended"}, follow=True)
    return answer.content.decode()


def link() -> str:
    send_due()
    found = re.search(r"/account/email/\S+", mail.outbox[-1].body)
    assert found
    return found[0]


def test_a_new_address_is_sent_a_link_and_confirmed_by_it(owners, owner, settings):
    settings.FOUNDRY_MAIL_URL = "smtp://mail.example"
    shown = give(owners, "ada@example.org")
    assert "A link was sent to ada@example.org" in shown
    assert UNCONFIRMED in shown
    asked = owners.get(link()).content.decode()
    assert "ada@example.org" in asked
    assert not is_confirmed(owner.caller.user)
    shown = owners.post(link(), follow=True).content.decode()
    assert "Mails go to ada@example.org from now on." in shown
    assert UNCONFIRMED not in shown
    assert is_confirmed(owner.caller.user)


def test_where_a_link_is_that_is_not_sent(owners):
    shown = give(owners, "ada@example.org")
    assert "A link for ada@example.org was written into the worker’s log." in shown
    assert "it writes its mails into the worker’s log" in owners.get(ACCOUNT).content.decode()


def test_a_link_that_is_written_out_is_whole(owners):
    give(owners, "ada@example.org")
    send_due()
    written = io.StringIO()
    mail.outbox[-1].body += "\nGrüße"
    ConsoleBackend(stream=written).send_messages(mail.outbox[-1:])
    found = re.search(r"^http\S+(/account/email/\S+/)$", written.getvalue(), re.MULTILINE)
    assert found
    assert "Grüße" in written.getvalue()
    assert owners.get(found[1]).status_code == 200


def test_who_saves_the_same_address_is_sent_nothing(owners):
    give(owners, "ada@example.org")
    give(owners, "ada@example.org")
    give(owners, "")
    assert Mail.objects.count() == 1


def test_another_link_can_be_had(owners, owner):
    User.objects.filter(pk=owner.caller.user.pk).update(email="ada@example.org")
    assert UNCONFIRMED in owners.get(ACCOUNT).content.decode()
    owners.post(reverse("portal:email-ask"))
    owners.post(link())
    assert is_confirmed(owner.caller.user)


def test_another_users_link_confirms_nothing(owners, strangers, stranger):
    give(owners, "ada@example.org")
    shown = strangers.post(link(), follow=True).content.decode()
    assert "another user&#x27;s" in shown
    assert not is_confirmed(stranger.caller.user)


def test_a_platform_without_mail_sends_no_link(owners, settings):
    settings.FOUNDRY_MAIL_URL = ""
    shown = give(owners, "ada@example.org")
    assert UNCONFIRMED not in shown
    owners.post(reverse("portal:email-ask"))
    assert not Mail.objects.exists()
