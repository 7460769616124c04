"""manage.py token."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from foundry.accounts import tokens
from foundry.accounts.models import Scope, Token


def token(*arguments):
    out = io.StringIO()
    call_command("token", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue().strip()


def create(*more):
    return token("create", "robot", "--user", "alice", "--team", "dna", *more)


@pytest.mark.django_db
def test_the_secret_is_printed_once_and_works():
    secret = create()
    found = tokens.recognise(secret)
    assert (found.user.username, found.team.name, found.expires_at) == ("alice", "dna", None)
    assert set(found.scopes.split()) == {Scope.READ, Scope.WRITE}
    assert secret not in token("list")


@pytest.mark.django_db
def test_scopes_and_days_are_as_given():
    found = tokens.recognise(create("--scope", "requests:read", "--days", "2"))
    assert found.scopes == "requests:read"
    assert timedelta(days=1.9) < found.expires_at - timezone.now() < timedelta(days=2)


@pytest.mark.django_db
def test_a_revoked_token_works_no_more():
    secret = create()
    assert "Revoked robot" in token("revoke", secret[:10])
    assert tokens.recognise(secret) is None
    assert token("list") == "No tokens."
    assert "revoked" in token("list", "--all")


@pytest.mark.django_db
def test_a_leaked_secret_is_revoked_as_it_is_and_never_printed():
    secret, other = create(), create()
    assert secret not in token("revoke", secret)
    assert tokens.recognise(secret) is None
    assert tokens.recognise(other)
    with pytest.raises(CommandError) as told:
        token("revoke", secret)
    assert secret not in str(told.value)


@pytest.mark.django_db
def test_revoking_none_or_several_is_refused():
    create()
    create()
    with pytest.raises(CommandError, match="More than one token"):
        token("revoke", "fdy_")
    with pytest.raises(CommandError, match="No token"):
        token("revoke", "")
    with pytest.raises(CommandError, match="No token"):
        token("revoke", "nonsense")
    assert Token.objects.filter(revoked_at=None).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "x", "--user", "u", "--team", "no spaces"),
        ("create", "x", "--user", "u", "--team", "t", "--days", "0"),
        ("create", "x", "--user", "u", "--team", "t", "--scope", "everything"),
        ("create", "x" * 101, "--user", "u", "--team", "t"),
    ],
)
def test_mistakes_make_no_token(arguments):
    with pytest.raises(CommandError):
        token(*arguments)
    assert not Token.objects.exists()
