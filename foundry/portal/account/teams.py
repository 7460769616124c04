"""Pages of teams: those one is in, who else is, and for which one one acts."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from foundry.accounts import teams
from foundry.accounts.models import Membership, Role, Team
from foundry.accounts.teams import TeamError
from foundry.portal.account.forms import MemberForm, TeamForm
from foundry.portal.page import TEAM, PageRequest, page


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def index(request: PageRequest) -> HttpResponseBase:
    """The teams one is in, and a new one."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = teams.create(user=request.user, name=form.cleaned_data["name"])
        except TeamError as error:
            form.add_error("name", str(error))
        else:
            request.session[TEAM] = team.pk
            messages.success(request, f"The team {team} is made, and you act for it now.")
            return redirect("portal:team", name=team.name)
    memberships = Membership.objects.filter(user=request.user).select_related("team").order_by("team__name")
    return render(request, "portal/account/teams.html", {"form": form, "memberships": memberships})


@require_POST
@page(area="account")
def act_for(request: PageRequest) -> HttpResponseBase:
    """From now on, what is submitted belongs to that team and what is shown is that team's."""
    team = get_object_or_404(Team, name=request.POST.get("team", ""), membership__user=request.user)
    request.session[TEAM] = team.pk
    messages.success(request, f"You act for {team} now.")
    return redirect("portal:teams")


@require_http_methods(["GET", "HEAD"])
@page(area="account")
def show(request: PageRequest, name: str) -> HttpResponseBase:
    """Who is in the team."""
    return _show(request, _find(request, name), MemberForm())


def _show(request: PageRequest, team: Team, form: MemberForm) -> HttpResponseBase:
    members = list(teams.members(team))
    own = next(one for one in members if one.user_id == request.user.pk)
    context = {"team": team, "members": members, "form": form, "is_admin": own.role == Role.ADMIN, "roles": Role}
    return render(request, "portal/account/team.html", context)


@require_POST
@page(area="account")
def add(request: PageRequest, name: str) -> HttpResponseBase:
    """Add somebody; for admins."""
    team = _find(request, name, admin=True)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _show(request, team, form)
    try:
        user = teams.add(team=team, who=form.cleaned_data["who"], role=Role(form.cleaned_data["role"]))
    except TeamError as error:
        form.add_error("who", str(error))
        return _show(request, team, form)
    messages.success(request, f"{user.username} is in the team now.")
    return redirect("portal:team", name=name)


@require_POST
@page(area="account")
def set_role(request: PageRequest, name: str, user_id: int) -> HttpResponseBase:
    """Make a member an admin, or an admin a member; for admins."""
    team = _find(request, name, admin=True)
    member = get_object_or_404(teams.members(team), user_id=user_id)
    role = Role.ADMIN if request.POST.get("role") == Role.ADMIN else Role.MEMBER
    try:
        teams.set_role(team=team, user=member.user, role=role)
    except TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{member.user.username} is {Role(role).label.lower()} now.")
    return redirect("portal:team", name=name)


@require_POST
@page(area="account")
def remove(request: PageRequest, name: str, user_id: int) -> HttpResponseBase:
    """Remove somebody, for admins; or leave."""
    leaves = user_id == request.user.pk
    team = _find(request, name, admin=not leaves)
    member = get_object_or_404(teams.members(team), user_id=user_id)
    try:
        teams.remove(team=team, user=member.user)
    except TeamError as error:
        messages.error(request, str(error))
        return redirect("portal:team", name=name)
    messages.success(request, f"{'You are' if leaves else member.user.username + ' is'} not in {team} any more.")
    return redirect("portal:teams") if leaves else redirect("portal:team", name=name)


def _find(request: PageRequest, name: str, *, admin: bool = False) -> Team:
    """A team that the user is in, or administers. Others are answered like ones that are not there."""
    team = get_object_or_404(Team, name=name)
    role = teams.role(team=team, user=request.user)
    if role is None or (admin and role != Role.ADMIN):
        raise Http404
    return team
