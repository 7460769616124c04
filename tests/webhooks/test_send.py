"""Messages are signed, sent again until they arrive, and given up in the end."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from foundry.accounts.models import Role
from foundry.client import verify_webhook
from foundry.webhooks import endpoints, record, send
from foundry.webhooks.models import Delivery, DeliveryAttempt, Endpoint
from foundry.webhooks.send import is_due, send_due
from tests.webhooks.conftest import make_due, secret_of, send_again, set_address

pytestmark = pytest.mark.django_db


def test_it_arrives_signed_as_the_standard_says(finished, endpoint, receiver):
    request = finished()
    assert send_due() == 1
    (heard,) = receiver.heard
    said = Webhook(secret_of(endpoint)).verify(heard.body, heard.headers)
    assert (said["type"], said["data"]["id"]) == ("request.finished", str(request.pk))
    assert heard.headers["content-type"] == "application/json"
    assert Delivery.objects.get().state == "sent"
    assert send_due() == 0


def test_the_client_reads_it(finished, endpoint, receiver):
    request = finished({"number": 1}, {"number": 2, "do": "err"}, label="plate 7")
    send_due()
    (heard,) = receiver.heard
    said = verify_webhook(heard.headers, heard.body, secret_of(endpoint))
    assert (said.request.id, said.request.label, said.request.items.failed) == (str(request.pk), "plate 7", 1)
    assert said.request.state == "partial"


def test_a_changed_body_does_not_verify(finished, endpoint, receiver):
    finished()
    send_due()
    (heard,) = receiver.heard
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(endpoint)).verify(heard.body + b" ", heard.headers)


def test_what_fails_is_sent_again_under_the_same_id_until_it_arrives(finished, endpoint, receiver):
    finished()
    receiver.status, receiver.body = 500, b"out of plates"
    send_due()
    assert send_due() == 0  # not yet
    send_again()
    receiver.status, receiver.body = 200, b"ok"
    send_again()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("sent", 3)
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1
    assert len({heard.body for heard in receiver.heard}) == 1
    log = [(one.number, one.status, one.error, one.answer) for one in endpoints.attempts(delivery)]
    assert log == [
        (3, 200, "", "ok"),
        (2, 500, "Answered 500.", "out of plates"),
        (1, 500, "Answered 500.", "out of plates"),
    ]


def test_pauses_grow_with_jitter_and_end_after_about_a_day(finished, endpoint, receiver):
    finished()
    receiver.status = 503
    pauses = []
    for _ in record.PAUSES:
        send_again()
        pauses.append(Delivery.objects.get().due_at - timezone.now())
    for pause, planned in zip(pauses, record.PAUSES, strict=True):
        assert 0.79 * planned - timedelta(seconds=2) < pause < 1.21 * planned
    assert timedelta(hours=20) < sum(record.PAUSES, timedelta()) < timedelta(hours=36)
    assert Delivery.objects.get().state == "waiting"
    send_again()
    assert Delivery.objects.get().state == "failed"
    make_due()
    assert send_due() == 0


def test_pauses_differ_between_deliveries(finished, make_endpoint, receiver):
    make_endpoint()
    make_endpoint()
    finished()
    receiver.status = 503
    send_due()
    send_again()
    first, second = Delivery.objects.values_list("due_at", flat=True)
    assert abs(first - second) > timedelta(milliseconds=100)


def test_who_is_gone_is_sent_nothing_more_and_admins_are_told(finished, endpoint, receiver, owner):
    set_address(owner.caller.user, "ada@example.org")
    assert owner.caller.team.membership_set.get().role == Role.ADMIN
    receiver.status = 410
    finished()
    finished({"number": 2})
    send_due()
    endpoint.refresh_from_db()
    assert "410" in endpoint.disabled_because
    assert not Delivery.objects.filter(state="waiting").exists()
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert endpoint.url in letter.body


def test_after_days_of_failure_it_is_disabled_with_one_notice(finished, endpoint, receiver, owner):
    set_address(owner.caller.user, "ada@example.org")
    receiver.status = 500
    finished()
    send_due()
    endpoint.refresh_from_db()
    assert endpoint.failing_since
    assert not endpoint.disabled_at
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=6))
    Delivery.objects.update(tries=len(record.PAUSES), attempts=len(record.PAUSES))
    send_again()
    send_due()
    endpoint.refresh_from_db()
    assert endpoint.disabled_because.startswith("Nothing could be delivered for 6 days. At last: Answered 500.")
    assert len(mail.outbox) == 1


def test_one_new_failure_long_after_another_disables_nothing(finished, endpoint, receiver):
    """As of an endpoint that is told of little: the message gets all its tries."""
    receiver.status = 500
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=20))
    finished()
    for _ in record.PAUSES:
        send_again()
        endpoint.refresh_from_db()
        assert (endpoint.disabled_at, Delivery.objects.get().state) == (None, "waiting")
    send_again()
    endpoint.refresh_from_db()
    assert (bool(endpoint.disabled_at), Delivery.objects.get().state) == (True, "failed")


def test_a_message_that_was_given_up_early_disables_nothing(finished, endpoint, receiver):
    receiver.status = 500
    finished()
    for _ in range(len(record.PAUSES) + 1):
        send_again()
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, Delivery.objects.get().state) == (None, "failed")


def test_one_that_arrives_ends_the_days_of_failure(finished, endpoint, receiver):
    receiver.status = 500
    finished()
    send_due()
    receiver.status = 200
    send_again()
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_what_was_given_up_can_be_sent_again_with_the_same_id(finished, endpoint, receiver):
    finished()
    send_due()
    delivery = Delivery.objects.get()
    endpoints.redeliver(delivery=delivery)
    send_due()
    assert len(receiver.heard) == 2
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1
    assert [one.number for one in endpoints.attempts(delivery)] == [2, 1]


def test_a_test_says_that_it_is_one(endpoint, receiver):
    endpoints.send_test(endpoint=endpoint)
    send_due()
    assert json.loads(receiver.heard[0].body)["type"] == "endpoint.test"


def test_a_receiver_that_hangs_holds_up_no_other(finished, make_endpoint, start_receiver, monkeypatch):
    monkeypatch.setattr("foundry.webhooks.transport.TIMEOUT_S", 0.5)
    slow, quick = start_receiver(), start_receiver()
    slow.body, slow.pause_s, slow.status = b"z" * 100, 10, 200
    make_endpoint(slow.url)
    make_endpoint(quick.url)
    for number in range(5):
        finished({"number": number})
    send_due()
    assert len(quick.heard) == 5


def test_a_sender_without_time_sends_nothing(finished, endpoint, receiver):
    finished()
    import time

    assert send_due(ends_at=time.monotonic() + 1) == 0
    assert receiver.heard == []
    assert send_due() == 1


@pytest.mark.django_db(transaction=True)
def test_two_senders_send_each_message_once(finished, endpoint, receiver):
    for number in range(6):
        finished({"number": number})

    def run() -> None:
        send_due()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_due()
    assert len(receiver.heard) == 6
    assert DeliveryAttempt.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_and_no_transaction_is_open_while_it_is_sent(finished, endpoint, receiver, monkeypatch):
    finished()
    seen = []
    posted = send._post

    def look(due):
        seen.append((connection.in_atomic_block, connection.connection))
        return posted(due)

    monkeypatch.setattr(send, "_post", look)
    send_due()
    assert seen == [(False, None)]


def test_what_a_dead_sender_had_in_hand_is_sent_by_another(finished, endpoint, receiver):
    finished()
    from foundry.webhooks import claims
    from foundry.webhooks.ended import collect

    collect()
    (due,) = claims.claim(at_most=8)  # and dies
    assert send_due() == 0
    send_again()
    assert len(receiver.heard) == 1
    assert receiver.heard[0].headers["webhook-id"] == due.message


def test_old_messages_are_removed(finished, endpoint, receiver):
    finished()
    send_due()
    message = Delivery.objects.get().message
    assert not is_due()
    type(message).objects.update(created_at=timezone.now() - timedelta(days=31))
    assert is_due()
    send_due()
    assert not is_due()
    assert not Delivery.objects.exists()
