"""Signing in: who guesses passwords has to wait, and the account's owner elsewhere does not."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from foundry.accounts import attempts
from foundry.accounts.models import SignInAttempts, User
from foundry.portal.account import sign_in
from tests.portal.account.test_teams import at_once

pytestmark = pytest.mark.django_db

ADDRESS, ELSEWHERE = "192.0.2.1", "192.0.2.2"
PASSWORD = "correct horse battery staple"
FROM_ONE_ADDRESS = 10


@pytest.fixture(autouse=True)
def ada(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow one takes most of a minute
    return User.objects.create_user("ada", password=PASSWORD)


def try_it(password="wrong", username="ada", address=ADDRESS, **headers):
    values = {"username": username, "password": password}
    return Client(REMOTE_ADDR=address).post(reverse("portal:sign-in"), values, headers=headers)


def exhaust(**arguments):
    for _ in range(FROM_ONE_ADDRESS):
        assert try_it(**arguments).status_code == 200


def pass_time(minutes):
    SignInAttempts.objects.update(since=F("since") - timedelta(minutes=minutes))


def test_the_right_password_lets_in_and_counts_for_nothing():
    for _ in range(3 * FROM_ONE_ADDRESS):
        assert try_it(PASSWORD).status_code == 302
    assert set(SignInAttempts.objects.values_list("count", flat=True)) == {0}


def test_after_ten_wrong_passwords_there_is_a_wait_even_for_the_right_one():
    exhaust()
    answer = try_it(PASSWORD)
    assert answer.status_code == 429
    assert 200 < int(answer["Retry-After"]) <= 300
    assert "Try again in 5 minutes" in answer.content.decode()
    assert "_auth_user_id" not in answer.client.session


def test_the_wait_does_not_grow_while_somebody_goes_on():
    exhaust()
    pass_time(4)
    assert int(try_it()["Retry-After"]) <= 60
    assert "in 1 minute." in try_it().content.decode()
    pass_time(1)
    assert try_it(PASSWORD).status_code == 302


def test_who_guesses_from_one_address_locks_nobody_out_who_is_elsewhere():
    exhaust()
    for _ in range(60):
        assert try_it().status_code == 429
    assert try_it(PASSWORD, address=ELSEWHERE).status_code == 302


def test_who_tries_many_accounts_from_one_address_waits():
    for number in range(50):
        assert try_it(username=f"user{number}").status_code == 200
    assert try_it(username="another").status_code == 429
    assert try_it(username="another", address=ELSEWHERE).status_code == 200


def test_an_account_that_is_tried_from_many_addresses_is_closed_for_minutes():
    for number in range(50):
        assert try_it(address=f"198.51.100.{number}").status_code == 200
    assert try_it(PASSWORD, address=ELSEWHERE).status_code == 429
    assert try_it(username="bob", address=ELSEWHERE).status_code == 200
    pass_time(5)
    assert try_it(PASSWORD, address=ELSEWHERE).status_code == 302


def test_an_account_that_is_not_there_is_answered_like_one_that_is():
    exhaust(username="nobody")
    assert try_it(username="nobody").status_code == 429


def test_what_people_type_is_not_kept():
    try_it(username="my secret password")
    assert not any("secret" in str(row) for row in SignInAttempts.objects.values())


def test_what_is_long_past_is_removed():
    try_it(username="bob")
    pass_time(6)
    try_it()
    assert SignInAttempts.objects.count() == 3


@pytest.mark.parametrize("username", ["", "nul\0"])
def test_what_is_no_name_is_no_attempt(username):
    assert try_it(username=username).status_code == 200
    assert not SignInAttempts.objects.exists()


def test_tokens_go_on_working(owner):
    for _ in range(60):
        try_it(username="owner")
    assert owner.get("/api/v1/requests", REMOTE_ADDR=ADDRESS).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_counted_each():
    refused = []

    def once():
        try:
            attempts.count(username="ada", address=ADDRESS)
        except attempts.TooManyAttemptsError as error:
            refused.append(error)

    at_once(*[once] * (FROM_ONE_ADDRESS + 5))
    assert len(refused) == 5


# Where somebody is


def address_of(event=None, **meta):
    found = SimpleNamespace(
        META={"REMOTE_ADDR": "127.0.0.1"} | ({"lambda.event": event} if event else {}), headers=meta
    )
    return sign_in._address(found)


def test_a_client_cannot_say_where_it_is(settings):
    settings.PRODUCTION = False
    assert address_of(**{"X-Forwarded-For": "1.2.3.4"}) == "127.0.0.1"
    settings.PRODUCTION = True
    assert address_of(**{"X-Forwarded-For": "1.2.3.4, 192.0.2.7"}) == "192.0.2.7"
    assert address_of() == "127.0.0.1"


@pytest.mark.parametrize("key", ["identity", "http"])
def test_api_gateway_says_it(key, settings):
    settings.PRODUCTION = True
    event = {"requestContext": {key: {"sourceIp": "192.0.2.9"}}}
    assert address_of(event=event, **{"X-Forwarded-For": "1.2.3.4"}) == "192.0.2.9"


def test_who_has_a_network_of_addresses_has_one_of_them(settings):
    settings.PRODUCTION = True
    assert len({address_of(**{"X-Forwarded-For": f"2001:db8:1:2::{last}"}) for last in ("1", "2", "ffff:1")}) == 1
    assert address_of(**{"X-Forwarded-For": "nonsense"}) == "nonsense"
