"""Pages of teams: those one is in, who else is, and for which one one acts."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from foundry.accounts import invitations, teams
from foundry.accounts.models import Membership, Role, Team
from foundry.accounts.teams import TeamError
from foundry.portal.account import confirm
from foundry.portal.account.forms import ActForForm, InviteForm, TeamForm
from foundry.portal.page import PageRequest, page
from foundry.webhooks import endpoints


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def index(request: PageRequest) -> HttpResponseBase:
    """The teams one is in, those one is invited to, and a new one."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = teams.create(user=request.user, name=form.cleaned_data["name"])
        except TeamError as error:
            form.add_error("name", str(error))
        else:
            teams.act_for(team=team, user=request.user)
            messages.success(request, f"The team {team} is made, and you act for it now.")
            return redirect("portal:team", team_id=team.pk)
    context = {
        "form": form,
        "memberships": Membership.objects.filter(user=request.user).select_related("team").order_by("team__name"),
        "invitations": invitations.of_user(request.user),
    }
    return render(request, "portal/account/teams.html", context)


@require_POST
@page(area="account")
def act_for(request: PageRequest) -> HttpResponseBase:
    """From now on, what is submitted belongs to that team and what is shown is that team's.

    The page that was asked for while one acted for another team is shown then.
    """
    form = ActForForm(request.POST, user=request.user)
    if not form.is_valid():
        raise Http404
    team = form.cleaned_data["team"]
    teams.act_for(team=team, user=request.user)
    messages.success(request, f"You act for {team} now.")
    return redirect(form.cleaned_data["back"] or "portal:teams")


@require_http_methods(["GET", "HEAD"])
@page(area="account")
def show(request: PageRequest, team_id: int) -> HttpResponseBase:
    """Who is in the team."""
    return _show(request, _find(request, team_id), InviteForm())


def _show(request: PageRequest, team: Team, form: InviteForm) -> HttpResponseBase:
    is_admin = teams.role(team=team, user=request.user) == Role.ADMIN
    context = {
        "team": team,
        "members": teams.members(team),
        "invitations": invitations.of_team(team) if is_admin else [],
        "form": form,
        "is_admin": is_admin,
        "roles": Role,
    }
    return render(request, "portal/account/team.html", context)


@require_POST
@page(area="account")
def set_role(request: PageRequest, team_id: int, user_id: int) -> HttpResponseBase:
    """Make a member an admin, or an admin a member; for admins."""
    team = _find(request, team_id, admin=True)
    member = get_object_or_404(teams.members(team), user_id=user_id)
    role = Role.ADMIN if request.POST.get("role") == Role.ADMIN else Role.MEMBER
    try:
        teams.set_role(team=team, user=member.user, role=role)
    except TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{member.user.username} is {Role(role).label.lower()} now.")
    return redirect("portal:team", team_id=team_id)


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def remove(request: PageRequest, team_id: int, user_id: int) -> HttpResponseBase:
    """Remove somebody, for admins; or leave. Asked first."""
    leaves = user_id == request.user.pk
    team = _find(request, team_id, admin=not leaves)
    member = get_object_or_404(teams.members(team), user_id=user_id)
    if request.method != "POST":
        return _ask(request, team, member, leaves=leaves)
    try:
        teams.remove(team=team, user=member.user)
    except TeamError as error:
        messages.error(request, str(error))
        return redirect("portal:team", team_id=team_id)
    endpoints.disable_abandoned()
    messages.success(request, f"{'You are' if leaves else member.user.username + ' is'} not in {team} any more.")
    return redirect("portal:teams") if leaves else redirect("portal:team", team_id=team_id)


def _ask(request: PageRequest, team: Team, member: Membership, *, leaves: bool) -> HttpResponseBase:
    name = member.user.username
    who = "you" if leaves else name
    return confirm.ask(
        request,
        question=f"Leave the team {team}?" if leaves else f"Remove {name} from the team {team}?",
        text=f"From then on {who} will see nothing of its requests and results. The tokens that {who} made for it end "
        f"for good, and the webhook endpoints that {who} set up are disabled. What was submitted stays with the team. "
        "Only its admins can invite somebody again.",
        verb="Leave the team" if leaves else f"Remove {name}",
        keep="Stay" if leaves else f"Keep {name}",
        back=reverse("portal:team", args=[team.pk]),
        trail=str(team),
    )


def _find(request: PageRequest, team_id: int, *, admin: bool = False) -> Team:
    """A team that the user is in, or administers. Others are answered like ones that are not there."""
    team = get_object_or_404(Team, pk=team_id)
    role = teams.role(team=team, user=request.user)
    if role is None or (admin and role != Role.ADMIN):
        raise Http404
    return team


# Invitations


@require_POST
@page(area="account")
def invite(request: PageRequest, team_id: int) -> HttpResponseBase:
    """Offer somebody a place, by name or e-mail address; for admins."""
    team, form = _find(request, team_id, admin=True), InviteForm(request.POST)
    if not form.is_valid():
        return _show(request, team, form)
    who, role = form.cleaned_data["who"], Role(form.cleaned_data["role"])
    try:
        made = invitations.invite(team=team, who=who, role=role, by=request.user)
    except TeamError as error:
        form.add_error("who", str(error))
        return _show(request, team, form)
    messages.success(request, f"{made.user.username} is invited, and is in the team once they accept.")
    return redirect("portal:team", team_id=team_id)


@require_POST
@page(area="account")
def withdraw(request: PageRequest, team_id: int, invitation_id: int) -> HttpResponseBase:
    """The invited user is not, any more; for admins."""
    team = _find(request, team_id, admin=True)
    found = get_object_or_404(invitations.of_team(team), pk=invitation_id)
    invitations.end(invitation=found)
    messages.success(request, f"{found.user.username} is not invited any more.")
    return redirect("portal:team", team_id=team_id)


@require_POST
@page(area="account")
def accept(request: PageRequest, invitation_id: int) -> HttpResponseBase:
    """Be in the team; which one one acts for stays."""
    found = get_object_or_404(invitations.of_user(request.user), pk=invitation_id)
    try:
        invitations.accept(invitation=found)
    except TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"You are in the team {found.team} now. You act for {request.caller.team}, as before."
        )
    return redirect("portal:teams")


@require_POST
@page(area="account")
def decline(request: PageRequest, invitation_id: int) -> HttpResponseBase:
    """Not be in the team."""
    found = get_object_or_404(invitations.of_user(request.user), pk=invitation_id)
    invitations.end(invitation=found)
    messages.success(request, f"You declined to be in the team {found.team}.")
    return redirect("portal:teams")
