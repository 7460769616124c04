"""E-mail when a request ends: to who wants it, once, and again until it could be sent."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.utils import timezone
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from foundry import environment
from foundry.accounts import teams
from foundry.accounts.models import MailWhen, Role, User
from foundry.aws import mail as ses
from foundry.webhooks.models import Mail
from foundry.webhooks.send import send_due
from tests.webhooks.conftest import set_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def wants(owner):
    def set_to(when: MailWhen, email: str = "ada@example.org") -> None:
        set_address(owner.caller.user, email)
        User.objects.filter(pk=owner.caller.user.pk).update(mail_when=when)

    return set_to


@pytest.mark.parametrize(
    ("when", "do", "told"),
    [
        (MailWhen.NEVER, "err", False),
        (MailWhen.FAILED, "err", True),
        (MailWhen.FAILED, None, False),
        (MailWhen.ENDED, None, True),
    ],
)
def test_who_wants_it_is_told(when, do, told, wants, finished):
    wants(when)
    request = finished({"number": 1} | ({"do": do} if do else {}), label="plate 7")
    send_due()
    assert len(mail.outbox) == told
    for letter in mail.outbox:
        assert letter.to == ["ada@example.org"]
        assert "plate 7" in letter.subject
        assert f"/requests/{request.pk}/" in letter.body


def test_it_is_sent_once(wants, finished):
    wants(MailWhen.ENDED)
    finished()
    send_due()
    send_due()
    assert len(mail.outbox) == 1


def test_an_address_that_nobody_has_confirmed_gets_nothing(wants, finished, owner):
    """It may be a stranger's, given to have them written to."""
    wants(MailWhen.ENDED)
    User.objects.filter(pk=owner.caller.user.pk).update(email="stranger@example.org")
    finished()
    send_due()
    assert not Mail.objects.exists()


def test_who_was_removed_from_the_team_is_told_nothing(wants, finished, owner, teammate):
    wants(MailWhen.ENDED)
    team = owner.caller.team
    teams.set_role(team=team, user=teammate.caller.user, role=Role.ADMIN)
    teams.remove(team=team, user=owner.caller.user)
    finished()
    send_due()
    assert not Mail.objects.exists()


def test_a_label_makes_no_header(wants, finished):
    wants(MailWhen.ENDED)
    finished(label="x\r\nBcc: eve@example.org")
    send_due()
    assert mail.outbox[0].message()["Bcc"] is None


def test_what_could_not_be_sent_is_sent_again(wants, finished, monkeypatch):
    wants(MailWhen.ENDED)
    finished()
    with monkeypatch.context() as broken:
        broken.setattr(EmailMessage, "send", lambda self: 1 / 0)
        send_due()
    letter = Mail.objects.get()
    assert (letter.state, letter.tries) == ("waiting", 1)
    assert "division" in letter.error
    assert letter.due_at > timezone.now()
    send_due()
    assert mail.outbox == []
    Mail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    send_due()
    assert len(mail.outbox) == 1
    assert Mail.objects.get().state == "sent"


def test_a_platform_without_a_mail_server_sends_none(wants, finished, settings):
    settings.FOUNDRY_MAIL_URL = ""
    wants(MailWhen.ENDED)
    finished()
    send_due()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("smtp://ada:p%40ss@mail.example", {"port": 587, "username": "ada", "password": "p@ss", "use_tls": True}),
        ("smtps://mail.example", {"port": 465, "use_ssl": True, "use_tls": False}),
        ("smtp://mail.example:25", {"port": 25, "use_tls": False, "use_ssl": False}),
    ],
)
def test_mail_servers_are_named_by_urls(url, options):
    made = environment.mailer("X", url)["OPTIONS"]
    assert options.items() <= made.items()


@pytest.mark.parametrize("url", ["", "mail.example", "smtp://", "http://mail.example"])
def test_other_urls_are_refused_by_name(url):
    with pytest.raises(ImproperlyConfigured, match=r"^FOUNDRY_MAIL_URL: write smtp"):
        environment.mailer("FOUNDRY_MAIL_URL", url)


def test_ses_gets_the_message_as_it_is(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        ses._client.cache_clear()
        boto3.client("sesv2").create_email_identity(EmailIdentity="f@example.org")
        letter = EmailMessage("Hello", "Dear Ada", "f@example.org", ["a@example.org"])
        assert ses.SesBackend(alias="default").send_messages([letter]) == 1
        (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    ses._client.cache_clear()
    assert set(sent.destinations) == {"a@example.org"}
    assert "Subject: Hello" in sent.raw_data
