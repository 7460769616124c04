"""Who answered for an endpoint's address and has left the team gets nothing more at it."""

from __future__ import annotations

import pytest
from django.core import mail

from foundry.accounts import teams
from foundry.accounts.models import User
from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery, Endpoint
from foundry.webhooks.send import send_due
from tests.webhooks.conftest import set_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(owner, teammate, make_endpoint) -> Endpoint:
    """Of the teammate, who is not the team's admin."""
    set_address(owner.caller.user, "ada@example.org")
    return make_endpoint(caller=teammate.caller)


def leave(teammate) -> None:
    teams.remove(team=teammate.caller.team, user=teammate.caller.user)


def is_enabled(endpoint: Endpoint) -> bool:
    return Endpoint.objects.get(pk=endpoint.pk).disabled_at is None


def test_nothing_is_sent_there_and_admins_are_told(theirs, teammate, finished, receiver):
    leave(teammate)
    finished()
    send_due()
    assert receiver.heard == []
    theirs.refresh_from_db()
    assert theirs.disabled_because.startswith("Who answered for this address, teammate, is not active in the team")
    (letter,) = mail.outbox
    assert (letter.to, theirs.url in letter.body) == (["ada@example.org"], True)


def test_what_waited_is_given_up(theirs, teammate, finished, receiver):
    receiver.status = 500
    finished()
    send_due()
    leave(teammate)
    send_due()
    assert Delivery.objects.get().state == "failed"


def test_one_whose_account_is_ended_has_left(theirs, teammate, finished, receiver):
    User.objects.filter(pk=teammate.caller.user.pk).update(is_active=False)
    finished()
    send_due()
    assert (receiver.heard, is_enabled(theirs)) == ([], False)


def test_one_whose_account_is_removed_has_left(theirs, teammate, finished, receiver):
    teammate.caller.user.delete()
    finished()
    send_due()
    assert (receiver.heard, is_enabled(theirs)) == ([], False)


def test_endpoints_of_those_who_stay_go_on(theirs, teammate, endpoint, finished, receiver):
    leave(teammate)
    finished()
    send_due()
    assert len(receiver.heard) == 1
    assert is_enabled(endpoint)


def test_who_enables_it_answers_for_it(theirs, teammate, owner, finished, receiver):
    leave(teammate)
    send_due()
    endpoints.enable(endpoint=theirs, user=owner.caller.user)
    finished()
    send_due()
    assert (len(receiver.heard), is_enabled(theirs)) == (1, True)


@pytest.mark.parametrize(("suffix", "stays"), [("/moved", True), ("", False)])
def test_who_gives_another_address_answers_for_it(suffix, stays, theirs, teammate, owner):
    """Who chooses other states only has not looked at where it goes."""
    url = theirs.url + suffix
    endpoints.change(endpoint=theirs, user=owner.caller.user, url=url, states=endpoints.STATES)
    leave(teammate)
    send_due()
    assert is_enabled(theirs) is stays


def test_a_member_who_sends_another_ones_endpoint_elsewhere_takes_it_along(endpoint, teammate):
    """The address is theirs now, whoever made the endpoint."""
    url = endpoint.url + "/elsewhere"
    endpoints.change(endpoint=endpoint, user=teammate.caller.user, url=url, states=endpoints.STATES)
    leave(teammate)
    send_due()
    assert not is_enabled(endpoint)
