"""Of those who are woken to send one does, and nothing that is due is left lying."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from foundry.accounts.models import User
from foundry.webhooks import endpoints, send, turn
from foundry.webhooks.models import Delivery, Turn
from foundry.webhooks.wanted import is_wanted
from tests.webhooks.conftest import compute

pytestmark = pytest.mark.django_db(transaction=True)


def soon() -> float:
    return time.monotonic() + 60


def test_nobody_is_wanted_for_nothing(endpoint):
    assert not is_wanted()
    assert turn.send_due(ends_at=soon()) == 0


def test_all_that_is_due_is_sent_and_the_turn_given_back(endpoint, finished, receiver):
    for _ in range(3):
        finished()
    assert is_wanted()
    assert turn.send_due(ends_at=soon()) == 3
    assert len(receiver.heard) == 3
    assert not is_wanted()
    assert not Turn.objects.exists()


def test_who_finds_it_taken_goes(endpoint, finished, receiver):
    finished()
    Turn.objects.create(until=timezone.now() + timedelta(minutes=1))
    assert not is_wanted()
    assert turn.send_due(ends_at=soon()) == 0
    assert receiver.heard == []


def test_of_a_request_that_goes_on_nobody_is_told(endpoint, make_request, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    make_request(*({"number": number} for number in range(4)))
    compute(jobs=1)
    assert not is_wanted()
    compute()
    assert is_wanted()


def test_the_turn_of_who_died_ends_by_itself(endpoint, finished, receiver):
    finished()
    Turn.objects.create(until=timezone.now() - timedelta(seconds=1))
    assert is_wanted()
    assert turn.send_due(ends_at=soon()) == 1
    assert not Turn.objects.exists()


def test_who_took_longer_than_the_turn_gives_back_no_other(endpoint, finished, monkeypatch):
    finished()
    others = timezone.now() + timedelta(minutes=5)
    monkeypatch.setattr(send, "send_due", lambda **_: Turn.objects.update(until=others) * 0)
    assert turn.send_due(ends_at=soon()) == 0
    assert Turn.objects.get().until == others


def test_what_ended_when_nobody_looked_any_more_is_sent_after_all(endpoint, finished, receiver, monkeypatch):
    """It came between the last look of who sends and the end of the turn; who brought it found the turn taken."""
    send_due = send.send_due

    def and_then_another_ends(**options: float) -> int:
        sent = send_due(**options)
        if len(receiver.heard) == 1:
            finished()
            assert not is_wanted()
            assert turn.send_due(ends_at=soon()) == 0
        return sent

    finished()
    monkeypatch.setattr(send, "send_due", and_then_another_ends)
    assert turn.send_due(ends_at=soon()) == 2
    assert len(receiver.heard) == 2


def test_without_time_it_is_left_to_others(endpoint, finished, receiver):
    finished()
    assert turn.send_due(ends_at=time.monotonic() + 10) == 0
    assert receiver.heard == []
    assert not Turn.objects.exists()


def test_what_waits_for_an_endpoint_that_is_disabled_is_not_due(endpoint, finished):
    finished()
    send.is_due()
    endpoints.disable(endpoint=endpoint, because="They asked for it.")
    Delivery.objects.update(state="waiting")
    assert not send.is_due()


def test_a_mail_is_reason_enough(finished, owner, settings):
    finished()
    assert not is_wanted()
    User.objects.filter(pk=owner.caller.user.pk).update(mail_when="ended")
    assert is_wanted()
    settings.FOUNDRY_MAIL_URL = ""
    assert not is_wanted()


def test_another_teams_endpoint_is_none(finished, make_endpoint, stranger):
    make_endpoint(caller=stranger.caller)
    finished()
    assert not is_wanted()


def test_many_that_are_woken_at_once_send_nothing_twice(endpoint, finished, receiver):
    for _ in range(8):
        finished()
    sent: list[int] = []

    def woken() -> None:
        sent.append(turn.send_due(ends_at=soon()))
        connection.close()

    threads = [threading.Thread(target=woken) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == len(receiver.heard) == 8
    assert not Turn.objects.exists()
