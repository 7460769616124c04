"""Teams: admins invite, users choose; there is always an admin, and for everybody a team of their own."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from foundry.accounts import invitations, teams, tokens
from foundry.accounts.models import Invitation, Membership, Role, Team, User
from foundry.accounts.teams import TeamError

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"portal:{name}", args=args)


def of_team(name, *args, team="team"):
    return url(name, Team.objects.get(name=team).pk, *args)


def role_of(api, team="team"):
    return teams.role(team=Team.objects.get(name=team), user=api.caller.user)


def acts_for(client):
    return client.get(url("teams")).context["caller"].team


@pytest.fixture
def signed_in(db):
    def sign_in(username):
        client = Client()
        client.force_login(User.objects.get_or_create(username=username)[0])
        return client

    return sign_in


def invite(client, who, role="member", team="team"):
    return client.post(of_team("team-invite", team=team), {"who": who, "role": role})


def answer(client, verb, who="stranger", team="team"):
    found = Invitation.objects.get(user__username=who, team__name=team)
    return client.post(url(f"invitation-{verb}", found.pk), follow=True)


def test_who_comes_first_is_the_admin(owner, teammate):
    assert (role_of(owner), role_of(teammate)) == (Role.ADMIN, Role.MEMBER)


def test_members_are_shown_to_members_and_to_nobody_else(owners, teammates, strangers):
    assert "teammate" in owners.get(of_team("team")).content.decode()
    assert "owner" in teammates.get(of_team("team")).content.decode()
    assert strangers.get(of_team("team")).status_code == 404


# Invitations


@pytest.mark.parametrize("who", ["stranger", "STRANGER@example.org"])
def test_an_admin_invites_somebody_who_is_in_the_team_once_they_accept(who, owners, strangers, stranger):
    address = "stranger@example.org"
    User.objects.filter(username="stranger").update(email=address, confirmed_email=address)
    invite(owners, who, role="admin")
    assert role_of(stranger) is None
    assert strangers.get(of_team("team")).status_code == 404
    answer(strangers, "accept")
    assert role_of(stranger) == Role.ADMIN
    assert strangers.get(of_team("team")).status_code == 200
    assert not Invitation.objects.exists()


def test_who_is_invited_is_told_on_every_page_until_they_answer(owners, strangers):
    invite(owners, "stranger")
    assert "1 invitation<" in strangers.get(url("account")).content.decode()
    page = strangers.get(url("teams")).content.decode()
    assert "owner invites you" in page
    answer(strangers, "decline")
    assert "invitation" not in strangers.get(url("account")).content.decode()


def test_who_declines_is_not_in_the_team(owners, strangers, stranger):
    invite(owners, "stranger")
    answer(strangers, "decline")
    assert role_of(stranger) is None
    assert not Invitation.objects.exists()


def test_nobody_else_answers_an_invitation(owners, teammates, strangers, stranger):
    invite(owners, "stranger")
    for client in (owners, teammates):
        for verb in ("accept", "decline"):
            assert answer(client, verb).status_code == 404
    assert Invitation.objects.exists()
    assert role_of(stranger) is None


def test_an_admin_withdraws_an_invitation(owners, teammates, strangers):
    invite(owners, "stranger")
    assert "Withdraw" in owners.get(of_team("team")).content.decode()
    withdraw = of_team("invitation-withdraw", Invitation.objects.get().pk)
    assert teammates.post(withdraw).status_code == 404
    owners.post(withdraw)
    assert not Invitation.objects.exists()


def test_an_admin_withdraws_the_own_teams_invitations_only(owners, strangers):
    invite(strangers, "owner", team="strangers")
    assert owners.post(of_team("invitation-withdraw", Invitation.objects.get().pk)).status_code == 404
    assert Invitation.objects.exists()


def test_a_withdrawn_invitation_cannot_be_accepted(owners, stranger):
    invite(owners, "stranger")
    held = Invitation.objects.get()
    invitations.end(invitation=held)
    with pytest.raises(TeamError):
        invitations.accept(invitation=held)
    assert role_of(stranger) is None


def test_the_invitations_of_a_removed_admin_end(owners, teammates, owner, teammate, stranger):
    teams.set_role(team=owner.caller.team, user=teammate.caller.user, role=Role.ADMIN)
    invite(teammates, "stranger")
    owners.post(of_team("team-remove", teammate.caller.user.pk))
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("who", ["nobody", "", "teammate", "x@example.org", "nul\0", "invited"])
def test_who_cannot_be_invited_is_said_beside_the_field(who, owners, teammates, signed_in):
    signed_in("invited")
    invite(owners, "invited")
    page = invite(owners, who)
    assert page.status_code == 200
    assert page.context["form"].errors["who"]
    assert Membership.objects.filter(team__name="team").count() == 2
    assert Invitation.objects.count() == 1


def test_somebody_without_an_address_is_not_found_by_none(owner, stranger):
    User.objects.update(email="")
    with pytest.raises(TeamError):
        teams.find("")


def test_somebody_is_not_found_by_an_address_that_they_only_claim(owner, stranger):
    User.objects.filter(username="stranger").update(email="boss@example.org", confirmed_email="stranger@example.org")
    for who in ("boss@example.org", "stranger@example.org"):
        with pytest.raises(TeamError, match="confirmed e-mail address"):
            teams.find(who)


# Admins


@pytest.mark.parametrize("who", ["teammates", "strangers"])
@pytest.mark.parametrize("action", ["team-invite", "team-role", "team-remove"])
def test_only_admins_change_a_team(who, action, owner, teammate, owners, request):
    client = request.getfixturevalue(who)
    args = () if action == "team-invite" else (owner.caller.user.pk,)
    refused = client.post(of_team(action, *args), {"who": "stranger", "role": "admin"})
    assert refused.status_code == 404
    assert (role_of(owner), role_of(teammate)) == (Role.ADMIN, Role.MEMBER)
    assert not Invitation.objects.exists()


def test_an_admin_makes_another_who_then_may(owners, teammates, teammate, owner):
    owners.post(of_team("team-role", teammate.caller.user.pk), {"role": "admin"})
    teammates.post(of_team("team-role", owner.caller.user.pk), {"role": "member"})
    assert (role_of(owner), role_of(teammate)) == (Role.MEMBER, Role.ADMIN)


@pytest.mark.parametrize(("action", "values"), [("team-role", {"role": "member"}), ("team-remove", {})])
def test_the_last_admin_stays(action, values, owners, owner, teammate):
    page = owners.post(of_team(action, owner.caller.user.pk), values, follow=True)
    assert "only admin" in page.content.decode()
    assert role_of(owner) == Role.ADMIN


def test_who_is_removed_sees_nothing_more_and_their_tokens_end(owners, teammates, teammate, make_request):
    make_request({"number": 1})
    owners.post(of_team("team-remove", teammate.caller.user.pk))
    assert teammates.get(of_team("team")).status_code == 404
    assert tokens.recognise(teammate.secret) is None
    assert teammate.get("/api/v1/requests").status_code == 401


@pytest.mark.parametrize(("who", "asked"), [("owners", "Remove teammate"), ("teammates", "Leave the team")])
def test_who_removes_somebody_or_leaves_is_asked_first(who, asked, owner, teammate, request):
    client = request.getfixturevalue(who)
    remove = of_team("team-remove", teammate.caller.user.pk)
    assert remove in client.get(of_team("team")).content.decode()
    page = client.get(remove).content.decode()
    assert f"{asked}</button>" in page
    assert role_of(teammate) == Role.MEMBER


def test_a_member_may_leave(teammates, teammate):
    teammates.post(of_team("team-remove", teammate.caller.user.pk))
    assert role_of(teammate) is None


# Acting for a team


def test_one_acts_for_the_team_one_chooses_wherever_one_signs_in(owners, owner, signed_in):
    made = teams.create(user=owner.caller.user, name="another")
    owners.post(url("act-for-team"), {"team": made.pk})
    assert acts_for(owners) == made
    assert acts_for(signed_in("owner")) == made


def test_to_be_in_a_team_is_not_to_act_for_it(signed_in):
    ann, cal = signed_in("ann"), signed_in("cal")
    own = acts_for(cal)
    ann.post(url("teams"), {"name": "0-team"})
    invite(ann, "cal", team="0-team")
    assert acts_for(signed_in("cal")) == own
    answer(cal, "accept", who="cal", team="0-team")
    assert acts_for(signed_in("cal")) == own


def test_who_is_invited_before_their_first_page_acts_for_a_team_of_their_own(signed_in):
    ann = signed_in("ann")
    ann.post(url("teams"), {"name": "0-team"})
    cal = signed_in("cal")
    invite(ann, "cal", team="0-team")
    answer(cal, "accept", who="cal", team="0-team")
    assert acts_for(cal).personal_of.username == "cal"


@pytest.mark.parametrize("given", ["", "0", "team", "nul\0", "9" * 40, "-1"])
def test_one_cannot_act_for_a_team_that_is_not_there(given, owners):
    assert owners.post(url("act-for-team"), {"team": given}).status_code == 404
    assert acts_for(owners).name == "team"


def test_one_cannot_act_for_a_team_one_is_not_in(strangers, owner):
    assert strangers.post(url("act-for-team"), {"team": owner.caller.team.pk}).status_code == 404
    assert acts_for(strangers).name == "strangers"


def test_a_new_team_has_its_maker_as_admin_who_acts_for_it(strangers, stranger):
    strangers.post(url("teams"), {"name": "fresh"})
    assert role_of(stranger, "fresh") == Role.ADMIN
    assert acts_for(strangers).name == "fresh"


@pytest.mark.parametrize("name", ["team", "with space", "a/b", "ä", "x" * 101])
def test_an_impossible_name_is_said_beside_the_field(name, strangers, owner):
    page = strangers.post(url("teams"), {"name": name})
    assert page.context["form"].errors["name"]


# One's own team


@pytest.mark.parametrize(
    ("username", "name"),
    [
        ("cal", "cal"),
        ("jane.doe", "jane-doe"),
        ("Jane@lab.example", "jane-lab-example"),
        ("李", "user"),
        ("x" * 150, "x" * 90),
    ],
)
def test_every_user_has_a_team_of_their_own_whatever_they_are_called(username, name, signed_in):
    client = signed_in(username)
    team = acts_for(client)
    assert (team.name, team.personal_of.username) == (name, username)
    assert acts_for(client) == team
    assert client.get(url("team", team.pk)).status_code == 200


def test_a_team_with_ones_name_is_not_ones_own(signed_in):
    ann, cal = signed_in("ann"), signed_in("cal")
    ann.post(url("teams"), {"name": "cal"})
    assert acts_for(cal).name == "cal-2"
    assert cal.get(of_team("team", team="cal")).status_code == 404


def test_who_is_removed_acts_for_their_own_team_and_is_not_back_by_looking(owners, teammates, teammate):
    assert acts_for(teammates).name == "team"
    owners.post(of_team("team-remove", teammate.caller.user.pk))
    assert acts_for(teammates).personal_of == teammate.caller.user
    for page in ("teams", "account", "requests"):
        teammates.get(url(page))
    assert role_of(teammate) is None


def test_nobody_is_invited_into_somebodys_own_team_or_leaves_it(signed_in, stranger):
    cal = signed_in("cal")
    team = acts_for(cal)
    assert invite(cal, "stranger", team="cal").context["form"].errors["who"]
    assert "Invite somebody" not in cal.get(url("team", team.pk)).content.decode()
    page = cal.post(url("team-remove", team.pk, team.personal_of.pk), follow=True)
    assert "own team" in page.content.decode()
    assert Membership.objects.get(team=team).user == team.personal_of
    with pytest.raises(TeamError):
        teams.join(team=team, user=stranger.caller.user)


@pytest.mark.django_db(transaction=True)
def test_two_first_pages_at_once_make_one_team():
    user = User.objects.create(username="cal")
    found = at_once(lambda: teams.personal(user), lambda: teams.personal(user))
    assert found[0] == found[1]
    assert Team.objects.get(personal_of=user) == found[0]


def at_once(*functions):
    """What each comes to, an exception too."""
    start, found = threading.Barrier(len(functions)), []

    def run(function):
        start.wait()
        try:
            found.append(function())
        except TeamError as error:
            found.append(error)
        connection.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_leave_at_once_do_not_both(owner, teammate):
    team = owner.caller.team
    teams.set_role(team=team, user=teammate.caller.user, role=Role.ADMIN)
    leave = [lambda user=api.caller.user: teams.remove(team=team, user=user) for api in (owner, teammate)]
    assert [type(one) for one in at_once(*leave)].count(TeamError) == 1
    assert Membership.objects.get(team=team).role == Role.ADMIN
