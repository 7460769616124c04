"""What every page begins with: somebody is signed in, and acts for one of their teams."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from foundry.accounts import invitations, teams
from foundry.accounts.caller import Caller
from foundry.accounts.models import Scope, Team, User


class PageRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    caller: Caller
    area: str


class OtherTeamError(Http404):
    """It belongs to another team of the user's, and is shown once they act for that."""

    def __init__(self, team: Team) -> None:
        super().__init__(str(team))
        self.team = team


type View[**P] = Callable[Concatenate[PageRequest, P], HttpResponseBase]


def page[**P](*, area: str, operators: bool = False) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """Marks a view as a page of that area of the menu. For `operators` only: to others it is not there."""

    def mark(view: View[P]) -> Callable[..., HttpResponseBase]:
        @login_required
        @functools.wraps(view)
        def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if operators and not request.user.is_staff:
                raise Http404
            request.caller, request.area = caller(request), area
            return view(request, *args, **kwargs)

        return wrapped

    return mark


def caller(request: HttpRequest) -> Caller:
    """Who is signed in, for the team they act for."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101
    scopes = {Scope.READ, Scope.WRITE} | ({Scope.PRIORITY} if user.is_staff else set())
    return Caller(user=user, team=teams.acting(user), scopes=frozenset(scopes))


def missing(request: PageRequest, owned: QuerySet[Any]) -> Http404:
    """For what is not of the team that the user acts for; `owned` finds it in any team, by its field `team`.

    To who is not in its team either, it is as if it was not there.
    """
    mine = Team.objects.filter(membership__user=request.user)
    team = mine.filter(pk__in=owned.values("team")).first()
    return OtherTeamError(team) if team else Http404()


def other_team(request: PageRequest) -> str:
    """Why a form is not taken that was opened for another team than its user acts for now; empty: it is taken.

    Forms that make something of the team's have a field `team`, with its id.
    """
    team = request.caller.team
    if request.POST.get("team") == str(team.pk):
        return ""
    return (
        f"You act for the team {team} now, and did not when this form was opened, so nothing was done. Send it again "
        f"for {team}, or act for the other team again first, under Account, Teams."
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """For all templates: who is signed in, for which team, what waits for their answer, and where in the menu."""
    found: Caller | None = getattr(request, "caller", None)
    return {
        "caller": found,
        "area": getattr(request, "area", ""),
        # Asked only by pages that show it, and not by their parts.
        "invited": lambda: invitations.of_user(found.user).count() if found else 0,
    }
