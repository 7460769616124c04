"""Tokens: shown once, kept as a hash, recognised only while they are valid."""

from datetime import timedelta

import pytest
from django.utils import timezone

from foundry.accounts import tokens
from foundry.accounts.caller import account, from_token, invoker
from foundry.accounts.models import Membership, Scope, Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    user, team = account("ada", "synthesis")
    return tokens.create(user=user, team=team, name="script", scopes=[Scope.READ])


def test_a_token_is_recognised_by_its_secret(made):
    token, secret = made
    assert secret.startswith("fdy_")
    assert tokens.recognise(secret) == token
    assert tokens.recognise(secret + "x") is None
    assert tokens.recognise("") is None


def test_the_secret_is_not_kept(made):
    token, secret = made
    kept = Token.objects.filter(pk=token.pk).values().get()
    assert not any(secret in str(value) for value in kept.values())
    assert secret.startswith(kept["prefix"])


@pytest.mark.parametrize("ended", ["expires_at", "revoked_at"])
def test_an_ended_token_is_not_recognised(made, ended):
    token, secret = made
    Token.objects.filter(pk=token.pk).update(**{ended: timezone.now() - timedelta(seconds=1)})
    assert tokens.recognise(secret) is None


def test_a_token_ends_with_its_users_membership(made):
    _, secret = made
    Membership.objects.all().delete()
    assert tokens.recognise(secret) is None


def test_a_token_ends_with_its_user(made):
    token, secret = made
    token.user.is_active = False
    token.user.save()
    assert tokens.recognise(secret) is None


def test_revoking(made):
    token, secret = made
    tokens.revoke(token=token)
    assert tokens.recognise(secret) is None


def test_use_is_recorded_once_a_minute(made, django_assert_num_queries):
    token, secret = made
    tokens.recognise(secret)
    token.refresh_from_db()
    assert token.last_used_at
    with django_assert_num_queries(1):
        tokens.recognise(secret)


def test_a_caller_has_the_tokens_scopes(made):
    caller = from_token(made[0])
    assert caller.may(Scope.READ)
    assert not caller.may(Scope.WRITE)
    assert caller.team.name == "synthesis"


def test_the_invoke_account_is_made_once_and_cannot_log_in(settings):
    settings.FOUNDRY_INVOKE_ACCOUNT = "lambda"
    assert invoker() == invoker()
    assert not invoker().user.has_usable_password()
