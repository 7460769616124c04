"""Teams: admins decide who is in; there is always one."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.urls import reverse

from foundry.accounts import teams, tokens
from foundry.accounts.models import Membership, Role, Team, User
from foundry.accounts.teams import TeamError

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"portal:{name}", args=args)


def role_of(api, team="team"):
    return teams.role(team=Team.objects.get(name=team), user=api.caller.user)


def test_who_comes_first_is_the_admin(owner, teammate):
    assert (role_of(owner), role_of(teammate)) == (Role.ADMIN, Role.MEMBER)


def test_members_are_shown_to_members_and_to_nobody_else(owners, teammates, strangers):
    assert "teammate" in owners.get(url("team", "team")).content.decode()
    assert "owner" in teammates.get(url("team", "team")).content.decode()
    assert strangers.get(url("team", "team")).status_code == 404


@pytest.mark.parametrize("who", ["stranger", "STRANGER@example.org"])
def test_an_admin_adds_somebody_by_name_or_address(who, owners, strangers, stranger):
    User.objects.filter(username="stranger").update(email="stranger@example.org")
    owners.post(url("team-add", "team"), {"who": who, "role": "member"})
    assert role_of(stranger) == Role.MEMBER
    assert strangers.get(url("team", "team")).status_code == 200


@pytest.mark.parametrize("who", ["nobody", "", "teammate", "x@example.org"])
def test_what_cannot_be_added_is_said_beside_the_field(who, owners, teammates):
    answer = owners.post(url("team-add", "team"), {"who": who, "role": "member"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["who"]
    assert Membership.objects.filter(team__name="team").count() == 2


def test_somebody_without_an_address_is_not_found_by_none(owners, stranger):
    User.objects.update(email="")
    with pytest.raises(TeamError):
        teams.add(team=Team.objects.get(name="team"), who="", role=Role.MEMBER)


@pytest.mark.parametrize("who", ["teammates", "strangers"])
@pytest.mark.parametrize("action", ["team-add", "team-role", "team-remove"])
def test_only_admins_change_a_team(who, action, owner, teammate, owners, request):
    client = request.getfixturevalue(who)
    args = ("team",) if action == "team-add" else ("team", owner.caller.user.pk)
    answer = client.post(url(action, *args), {"who": "stranger", "role": "admin"})
    assert answer.status_code == 404
    assert (role_of(owner), role_of(teammate)) == (Role.ADMIN, Role.MEMBER)


def test_an_admin_makes_another_who_then_may(owners, teammates, teammate, owner):
    owners.post(url("team-role", "team", teammate.caller.user.pk), {"role": "admin"})
    teammates.post(url("team-role", "team", owner.caller.user.pk), {"role": "member"})
    assert (role_of(owner), role_of(teammate)) == (Role.MEMBER, Role.ADMIN)


@pytest.mark.parametrize(("action", "values"), [("team-role", {"role": "member"}), ("team-remove", {})])
def test_the_last_admin_stays(action, values, owners, owner, teammate):
    answer = owners.post(url(action, "team", owner.caller.user.pk), values, follow=True)
    assert "only admin" in answer.content.decode()
    assert role_of(owner) == Role.ADMIN


def test_who_is_removed_sees_nothing_more_and_their_tokens_end(owners, teammates, teammate, make_request):
    make_request({"number": 1})
    owners.post(url("team-remove", "team", teammate.caller.user.pk))
    assert teammates.get(url("team", "team")).status_code == 404
    assert tokens.recognise(teammate.secret) is None
    assert teammate.get("/api/v1/requests").status_code == 401


def test_a_member_may_leave(teammates, teammate):
    teammates.post(url("team-remove", "team", teammate.caller.user.pk))
    assert role_of(teammate) is None


def test_one_acts_for_the_team_one_chooses(owners, owner):
    made = teams.create(user=owner.caller.user, name="another")
    owners.post(url("act-for-team"), {"team": "another"})
    assert owners.get(url("teams")).context["caller"].team == made


def test_one_cannot_act_for_a_team_one_is_not_in(strangers):
    assert strangers.post(url("act-for-team"), {"team": "team"}).status_code == 404
    assert strangers.get(url("teams")).context["caller"].team.name == "strangers"


def test_a_new_team_has_its_maker_as_admin(strangers, stranger):
    strangers.post(url("teams"), {"name": "fresh"})
    assert role_of(stranger, "fresh") == Role.ADMIN
    assert strangers.get(url("teams")).context["caller"].team.name == "fresh"


@pytest.mark.parametrize("name", ["team", "with space", "a/b", "ä", "x" * 101])
def test_an_impossible_name_is_said_beside_the_field(name, strangers, owner):
    answer = strangers.post(url("teams"), {"name": name})
    assert answer.context["form"].errors["name"]


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_leave_at_once_do_not_both(owner, teammate):
    team = owner.caller.team
    teams.set_role(team=team, user=teammate.caller.user, role=Role.ADMIN)
    start, refused = threading.Barrier(2), []

    def leave(user):
        start.wait()
        try:
            teams.remove(team=team, user=user)
        except TeamError as error:
            refused.append(error)
        connection.close()

    threads = [threading.Thread(target=leave, args=(api.caller.user,)) for api in (owner, teammate)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.get(team=team).role == Role.ADMIN
