"""Teams take turns: one with much to send, or with receivers that hang, holds up no other."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from foundry.webhooks import claims, payload, send
from foundry.webhooks.models import Delivery, Endpoint
from foundry.webhooks.send import send_due

pytestmark = pytest.mark.django_db


def fill(endpoint: Endpoint, count: int, *, waiting_s: float = 60) -> None:
    """That many messages, of which the first waits for that long."""
    made = [payload.test(endpoint.team.name) for _ in range(count)]
    type(made[0]).objects.bulk_create(made)
    since = timezone.now() - timedelta(seconds=waiting_s)
    Delivery.objects.bulk_create(
        Delivery(message=one, endpoint=endpoint, due_at=since + timedelta(milliseconds=place))
        for place, one in enumerate(made)
    )


@pytest.fixture
def busy(owner, make_endpoint) -> list[Endpoint]:
    """The owner's: many, with much to send for long."""
    made = [make_endpoint() for _ in range(6)]
    for one in made:
        fill(one, 60, waiting_s=3600)
    return made


@pytest.fixture
def quiet(stranger, make_endpoint) -> Endpoint:
    """Another team's, with one new message."""
    made = make_endpoint(caller=stranger.caller)
    fill(made, 1, waiting_s=1)
    return made


def test_a_team_with_one_message_is_next_beside_one_with_hundreds(busy, quiet):
    assert {one.team for one in claims.claim(at_most=2)} == {busy[0].team_id, quiet.team_id}


def test_within_a_team_what_waits_for_longest_is_next(make_endpoint):
    newer, older = make_endpoint(), make_endpoint()
    fill(newer, 3, waiting_s=10)
    fill(older, 3, waiting_s=20)
    (first,) = claims.claim(at_most=1)
    assert first.endpoint == older.pk


def test_a_team_gets_half_of_the_room_and_an_endpoint_two_places(busy):
    claimed = claims.claim(at_most=16)
    assert len(claimed) == 8
    assert max(Counter(one.endpoint for one in claimed).values()) == 2
    assert claims.claim(at_most=16, under_way=claimed) == []


def test_what_is_under_way_counts(busy, quiet):
    """As a team's receivers hang, each place that becomes free is another team's first."""
    under_way = claims.claim(at_most=1)
    assert under_way[0].team == busy[0].team_id
    (following,) = claims.claim(at_most=1, under_way=under_way)
    assert following.team == quiet.team_id


def test_teams_with_equally_much_get_equally_many(busy, stranger, teammate, make_endpoint):
    for number in range(6):
        fill(make_endpoint(caller=stranger.caller), 60, waiting_s=number)
    claimed = claims.claim(at_most=10)
    assert set(Counter(one.team for one in claimed).values()) == {5}


def test_receivers_that_hang_hold_up_no_other_team(owner, stranger, make_endpoint, start_receiver, monkeypatch):
    """All of one team's hang; the other's ten messages, two at a time, do not wait for any of them."""
    monkeypatch.setattr("foundry.webhooks.transport.TIMEOUT_S", 3.0)
    hanging, well = start_receiver(), start_receiver()
    hanging.body, hanging.pause_s, hanging.status = b"z" * 100, 10, 200
    for _ in range(6):
        fill(make_endpoint(hanging.url), 2)
    fill(make_endpoint(well.url, caller=stranger.caller), 10)
    arrived: list[float] = []
    post = send._post

    def note(due):
        answer = post(due)
        if due.url == well.url:
            arrived.append(time.monotonic())
        return answer

    monkeypatch.setattr(send, "_post", note)
    began = time.monotonic()
    send_due()
    assert len(well.heard) == 10
    assert max(arrived) - began < 2.5


def test_a_team_has_all_its_messages_sent_in_the_end(busy, receiver):
    send_due()
    assert len(receiver.heard) == 360
    assert not Delivery.objects.exclude(state="sent").exists()
