"""Accounts that operators make: in the team they name, and never in one that somebody else made or owns."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from foundry.accounts import teams
from foundry.accounts.caller import account, invoker
from foundry.accounts.models import Team, User

pytestmark = pytest.mark.django_db


def test_a_user_who_is_put_into_a_team_acts_for_it_until_they_choose():
    user, team = account("ada", "synthesis")
    account("ada", "assembly")
    assert teams.acting(user) == team


def test_a_user_who_acts_for_their_own_team_goes_on_to_when_put_into_another():
    user, own = account("ada")
    teams.acting(user)
    account("ada", "synthesis")
    assert teams.acting(user) == own


def test_the_invoke_account_never_is_in_a_team_that_somebody_made_with_its_name(settings):
    settings.FOUNDRY_INVOKE_ACCOUNT = "lambda"
    ann, _ = account("ann")
    teams.create(user=ann, name="lambda")
    assert invoker().team.personal_of.username == "lambda"
    assert invoker().team == invoker().team


def test_the_invoke_account_acts_for_the_team_that_operators_put_it_into(settings):
    settings.FOUNDRY_INVOKE_ACCOUNT = "lambda"
    _, team = account("lambda", "synthesis")
    assert invoker().team == team


def test_nobody_is_put_into_somebodys_own_team():
    account("ada")
    with pytest.raises(CommandError, match="own team"):
        call_command("token", "create", "x", "--user", "bob", "--team", "ada", stdout=io.StringIO())
    assert not User.objects.filter(username="bob").exists()
    assert Team.objects.get(name="ada").members.get().username == "ada"
