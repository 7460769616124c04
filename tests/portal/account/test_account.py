"""Profile, password and tokens: one's own, and shown once what is secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundry.accounts import teams, tokens
from foundry.accounts.models import MailWhen, Scope, Token, User

pytestmark = pytest.mark.django_db

PAGES = ["account", "password", "teams", "tokens", "webhooks"]


def url(name, *args):
    return reverse(f"portal:{name}", args=args)


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_for_those_who_are_signed_in(name, client):
    answer = client.get(url(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(url("sign-in"))


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_small_and_ask_little_of_the_database(name, owners, owner, django_assert_max_num_queries):
    for number in range(60):
        tokens.create(user=owner.caller.user, team=owner.caller.team, name=f"t{number}")
    with django_assert_max_num_queries(12):
        answer = owners.get(url(name))
    assert answer.status_code == 200
    assert len(answer.content) < 200_000
    assert answer.content.count(b"<h1") == 1
    assert b"style=" not in answer.content


def test_a_profile_is_kept(owners, owner):
    owners.post(
        url("account"),
        {"first_name": "Ada", "last_name": "L", "email": "ada@example.org", "mail_when": "ended", "is_staff": "on"},
    )
    user = User.objects.get(pk=owner.caller.user.pk)
    assert (user.first_name, user.email, user.mail_when) == ("Ada", "ada@example.org", MailWhen.ENDED)
    assert not user.is_staff


def test_a_wrong_address_is_said_beside_the_field(owners):
    answer = owners.post(url("account"), {"email": "nonsense", "mail_when": "never"})
    assert answer.context["form"].errors["email"]
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_platform_without_a_mail_server_says_so(owners, settings):
    settings.FOUNDRY_MAIL_URL = ""
    assert "no mail server" in owners.get(url("account")).content.decode()


def test_a_new_password_ends_other_sessions(owner):
    user = owner.caller.user
    user.set_password("old password of hers")
    user.save()
    here, there = Client(), Client()
    for client in (here, there):
        assert client.login(username="owner", password="old password of hers")
    new = "a quite different one"
    values = {"old_password": "old password of hers", "new_password1": new, "new_password2": new}
    assert here.post(url("password"), values).status_code == 302
    assert here.get(url("account")).status_code == 200
    assert there.get(url("account")).status_code == 302
    assert Client().login(username="owner", password=new)


def test_the_old_password_is_asked_for(owners, owner):
    values = {
        "old_password": "wrong",
        "new_password1": "a quite different one",
        "new_password2": "a quite different one",
    }
    assert owners.post(url("password"), values).context["form"].errors["old_password"]


# Tokens


def make(client, **values):
    team = client.get(url("tokens")).context["caller"].team.pk
    return client.post(
        url("tokens"), {"team": team, "name": "script", "scopes": ["requests:read"], "days": "90"} | values
    )


def test_a_token_is_shown_once_and_works(owners, owner):
    made = make(owners)
    assert (made.status_code, made["Location"]) == (302, url("tokens"))
    answer = owners.get(url("tokens"))
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    again = owners.get(url("tokens"))
    assert again.context["secret"] == ""
    assert secret not in again.content.decode()
    token = tokens.recognise(secret)
    assert (token.user, token.team, token.scopes) == (owner.caller.user, owner.caller.team, "requests:read")
    assert timedelta(days=89) < token.expires_at - timezone.now() < timedelta(days=91)


def test_the_secret_is_kept_by_the_makers_browser_alone_for_that_page_and_not_for_long(owners, teammates, owner):
    kept = make(owners).cookies["once"]
    assert (kept["path"], kept["httponly"], kept["samesite"]) == (url("tokens"), True, "Strict")
    assert 0 < kept["max-age"] <= 300
    teammates.cookies["once"] = kept.coded_value
    assert teammates.get(url("tokens")).context["secret"] == ""
    assert not any(kept.value in str(row) for row in Session.objects.values())


def test_a_new_token_may_submit_and_the_list_says_so_in_words(owners, owner):
    form = owners.get(url("tokens")).context["form"]
    assert form["scopes"].initial == ["requests:read", "requests:write"]
    tokens.create(user=owner.caller.user, team=owner.caller.team, name="x", scopes=[Scope.READ])
    page = owners.get(url("tokens")).content.decode()
    assert "<li>See the team&#x27;s requests and results</li>" in page
    assert ">requests:read<" not in page


def test_a_form_that_was_opened_for_another_team_makes_no_token(owners, owner):
    teams.act_for(team=teams.create(user=owner.caller.user, name="another"), user=owner.caller.user)
    before = Token.objects.count()
    answer = make(owners, team=owner.caller.team.pk)
    assert "another" in str(answer.context["form"].non_field_errors())
    assert Token.objects.count() == before


@pytest.mark.parametrize(
    "values", [{"name": ""}, {"scopes": []}, {"scopes": ["requests:priority"]}, {"scopes": ["x"]}, {"days": "99999"}]
)
def test_a_token_gets_no_more_than_its_maker_has(values, owners):
    before = Token.objects.count()
    answer = make(owners, **values)
    assert answer.context["form"].errors
    assert Token.objects.count() == before


def test_a_revoked_token_is_of_no_use(owners, owner):
    token, secret = tokens.create(user=owner.caller.user, team=owner.caller.team, name="x")
    asked = owners.get(url("token-revoke", token.pk))
    assert "Revoke the token</button>" in asked.content.decode()
    assert tokens.recognise(secret)
    owners.post(url("token-revoke", token.pk))
    assert tokens.recognise(secret) is None
    assert "revoked" in owners.get(url("tokens")).content.decode()


def test_a_member_sees_and_revokes_their_own_and_an_admin_the_teams(owners, teammates, strangers, owner, teammate):
    of_owner = Token.objects.get(user=owner.caller.user)
    of_teammate = Token.objects.get(user=teammate.caller.user)
    assert of_owner.prefix not in teammates.get(url("tokens")).content.decode()
    assert teammates.post(url("token-revoke", of_owner.pk)).status_code == 404
    assert strangers.post(url("token-revoke", of_owner.pk)).status_code == 404
    assert tokens.recognise(owner.secret)
    assert of_teammate.prefix in owners.get(url("tokens")).content.decode()
    owners.post(url("token-revoke", of_teammate.pk))
    assert tokens.recognise(teammate.secret) is None


@pytest.mark.parametrize("name", ["act-for-team", "sign-out"])
def test_what_changes_something_is_no_link(name, owners):
    assert owners.get(url(name)).status_code == 405


def test_forms_of_other_sites_change_nothing(owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner.caller.user)
    assert client.post(url("tokens"), {"name": "x", "scopes": ["requests:read"]}).status_code == 403
