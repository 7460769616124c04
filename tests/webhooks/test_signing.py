"""What messages are signed with: made of a seed and the platform's key, replaced without a break."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from standardwebhooks import Webhook, WebhookVerificationError

from foundry.webhooks import endpoints
from foundry.webhooks.endpoints import EndpointError
from foundry.webhooks.models import Delivery, Endpoint, Secret
from foundry.webhooks.send import send_due
from tests.webhooks.conftest import Heard, secret_of, send_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(endpoint, receiver):
    """One message more; what the receiver hears."""

    def send() -> Heard:
        endpoints.send_test(endpoint=endpoint)
        send_due()
        return receiver.heard[-1]

    return send


def accepts(secret: str, heard: Heard) -> bool:
    try:
        Webhook(secret).verify(heard.body, heard.headers)
    except WebhookVerificationError:
        return False
    return True


def pass_time(endpoint: Endpoint, hours: float) -> None:
    for one in Secret.objects.filter(endpoint=endpoint).exclude(until=None):
        Secret.objects.filter(pk=one.pk).update(until=one.until - timedelta(hours=hours))


def test_however_often_it_is_replaced_a_secret_holds_for_a_day_after(endpoint, send):
    """A receiver that still has the first one must not be cut off by a second replacement."""
    first = secret_of(endpoint)
    second = endpoints.rotate(endpoint=endpoint)
    pass_time(endpoint, 20)
    third = endpoints.rotate(endpoint=endpoint)
    assert len({first, second, third}) == 3
    heard = send()
    assert [accepts(one, heard) for one in (first, second, third)] == [True, True, True]
    assert heard.headers["webhook-signature"].count("v1,") == 3
    pass_time(endpoint, 4)
    heard = send()
    assert [accepts(one, heard) for one in (first, second, third)] == [False, True, True]
    pass_time(endpoint, 20)
    heard = send()
    assert [accepts(one, heard) for one in (first, second, third)] == [False, False, True]


def test_messages_do_not_get_signatures_without_end(endpoint, send):
    for _ in range(endpoints.MOST_SECRETS - 1):
        endpoints.rotate(endpoint=endpoint)
    with pytest.raises(
        EndpointError, match=r"5 secrets that hold, the most\. One ends on \d+ [A-Z][a-z]+ at \d\d:\d\d UTC"
    ):
        endpoints.rotate(endpoint=endpoint)
    assert send().headers["webhook-signature"].count("v1,") == endpoints.MOST_SECRETS
    pass_time(endpoint, 25)
    endpoints.rotate(endpoint=endpoint)
    assert Secret.objects.count() == 2


def test_no_table_holds_a_secret(owner, receiver):
    """Who reads the database, or a copy of it, can sign nothing."""
    team, user = owner.caller.team, owner.caller.user
    endpoint, first = endpoints.create(team=team, user=user, url=receiver.url, states=endpoints.STATES)
    second = endpoints.rotate(endpoint=endpoint)
    assert all(re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", one) for one in (first, second))
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(secret::text, '') FROM webhooks_secret AS secret")
        [(kept,)] = cursor.fetchall()
    assert all(one.removeprefix("whsec_")[:20] not in kept for one in (first, second))


def test_a_secret_outlives_the_platforms_key_while_that_is_a_fallback(endpoint, send, settings):
    old = secret_of(endpoint)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "n" * 50
    assert accepts(old, send())
    new = endpoints.rotate(endpoint=endpoint)
    settings.SECRET_KEY_FALLBACKS = []
    heard = send()
    assert (accepts(new, heard), accepts(old, heard)) == (True, False)


def test_a_secret_whose_key_is_gone_is_asked_for_anew(endpoint, receiver, settings):
    settings.SECRET_KEY = "n" * 50
    endpoints.send_test(endpoint=endpoint)
    send_due()
    assert receiver.heard == []
    delivery = Delivery.objects.get()
    assert delivery.state == "waiting"
    assert "make a new one" in endpoints.attempts(delivery)[0].error
    new = endpoints.rotate(endpoint=endpoint)
    send_again()
    assert accepts(new, receiver.heard[0])
