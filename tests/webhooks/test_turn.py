"""On Lambda one sends at a time, of those who could one is woken, and nothing that is due is left lying."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.utils import timezone

from foundry.accounts.models import User
from foundry.webhooks import claims, endpoints, send, turn, waking
from foundry.webhooks.models import Delivery, Turn
from tests.webhooks.conftest import compute, make_due

pytestmark = pytest.mark.django_db(transaction=True)


def soon() -> float:
    return time.monotonic() + 60


def take(name: str = Turn.Name.SENDING, seconds: float = 60) -> None:
    """Somebody else has the turn for so long."""
    Turn.objects.update_or_create(name=name, defaults={"until": timezone.now() + timedelta(seconds=seconds)})


# Sending


def test_all_that_is_due_is_sent_and_the_turn_given_back(endpoint, finished, receiver):
    for _ in range(3):
        finished()
    assert turn.send_due(ends_at=soon()) == 3
    assert len(receiver.heard) == 3
    assert not Turn.objects.exists()
    assert turn.send_due(ends_at=soon()) == 0


def test_who_finds_it_taken_goes(endpoint, finished, receiver):
    finished()
    take()
    assert turn.send_due(ends_at=soon()) == 0
    assert receiver.heard == []


def test_the_turn_of_who_died_ends_by_itself(endpoint, finished, receiver):
    finished()
    take(seconds=-1)
    assert turn.send_due(ends_at=soon()) == 1
    assert not Turn.objects.exists()


def test_who_took_longer_than_the_turn_gives_back_no_other(endpoint, finished, monkeypatch):
    finished()
    monkeypatch.setattr(send, "send_due", lambda **_: Turn.objects.update(until=F("until") + timedelta(minutes=5)) * 0)
    assert turn.send_due(ends_at=soon()) == 0
    assert Turn.objects.exists()


def test_a_connection_that_breaks_does_not_keep_the_turn(endpoint, finished, monkeypatch):
    def broken(**_: object) -> None:
        connection.connection.close()
        raise OperationalError("the server was restarted")

    finished()
    monkeypatch.setattr(claims, "claim", broken)
    with pytest.raises(OperationalError, match="restarted"):
        turn.send_due(ends_at=soon())
    assert not Turn.objects.exists()


def test_what_ended_when_nobody_looked_any_more_is_sent_after_all(endpoint, finished, receiver, monkeypatch):
    """It came between the last look of who sends and the end of the turn; who brought it found the turn taken."""
    send_due = send.send_due

    def and_then_another_ends(**options: float) -> int:
        sent = send_due(**options)
        if len(receiver.heard) == 1:
            finished()
            assert not waking.claim()
            assert turn.send_due(ends_at=soon()) == 0
        return sent

    finished()
    monkeypatch.setattr(send, "send_due", and_then_another_ends)
    assert turn.send_due(ends_at=soon()) == 2
    assert len(receiver.heard) == 2


def test_what_ends_while_others_receivers_hang_is_sent_meanwhile(
    finished, make_request, make_endpoint, stranger, start_receiver, monkeypatch
):
    monkeypatch.setattr("foundry.webhooks.transport.TIMEOUT_S", 4.0)
    hanging, well = start_receiver(), start_receiver()
    hanging.body, hanging.pause_s, hanging.status = b"z" * 100, 10, 200
    make_endpoint(hanging.url)
    make_endpoint(well.url, caller=stranger.caller)
    finished()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send_and_close)
        while not hanging.heard:
            time.sleep(0.05)
        make_request({"number": 1}, caller=stranger.caller)
        while not well.heard:
            assert not sending.done()
            time.sleep(0.05)
        assert time.monotonic() - began < 3.5
        sending.result()


def test_a_round_ends_though_there_is_more_to_send(endpoint, finished, receiver, monkeypatch):
    for _ in range(3):
        finished()
    monkeypatch.setattr(send, "_ROUND_S", 0)
    assert send.send_due() == 0
    monkeypatch.undo()
    assert turn.send_due(ends_at=soon()) == 3


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


def test_many_at_once_send_nothing_twice_and_leave_nothing(endpoint, finished, receiver):
    for _ in range(8):
        finished()
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda _: send_and_close(), range(6)))
    assert sum(sent) == len(receiver.heard) == 8
    assert not Turn.objects.exists()


def send_and_close() -> int:
    try:
        return turn.send_due(ends_at=soon())
    finally:
        connection.close()


# Waking


def test_nobody_is_woken_for_nothing(endpoint):
    assert not waking.claim()


def test_one_is_woken_and_then_nobody_for_a_while(endpoint, finished):
    finished()
    assert waking.claim()
    finished()
    assert not waking.claim()
    take(Turn.Name.WOKEN, seconds=-1)  # who was woken did not come
    assert waking.claim()


def test_who_is_woken_sends_all_and_can_be_woken_again(endpoint, finished, receiver):
    finished()
    assert waking.claim()
    finished()
    assert turn.send_due(ends_at=soon()) == 2
    finished()
    assert waking.claim()


def test_nobody_is_woken_while_somebody_sends(endpoint, finished):
    finished()
    take()
    assert not waking.claim()


def test_of_many_slots_that_end_at_once_one_wakes(endpoint, finished):
    finished()
    ready = threading.Barrier(8)

    def claim(_: int) -> bool:
        ready.wait()
        try:
            return waking.claim()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


def test_of_a_request_that_goes_on_nobody_is_told(endpoint, make_request, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    make_request(*({"number": number} for number in range(4)))
    compute(jobs=1)
    assert not waking.claim()
    compute()
    assert waking.claim()


def test_a_mail_is_reason_enough(finished, owner, settings):
    finished()
    assert not waking.claim()
    User.objects.filter(pk=owner.caller.user.pk).update(mail_when="ended")
    settings.FOUNDRY_MAIL_URL = ""
    assert not waking.claim()
    settings.FOUNDRY_MAIL_URL = "console:"
    assert waking.claim()


def test_another_teams_endpoint_is_none(finished, make_endpoint, stranger):
    make_endpoint(caller=stranger.caller)
    finished()
    assert not waking.claim()


def test_a_retry_of_what_did_not_arrive_is_left_to_the_sweep(endpoint, finished, receiver):
    receiver.status = 500
    finished()
    turn.send_due(ends_at=soon())
    make_due()
    assert not waking.claim()
