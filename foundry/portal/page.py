"""What every page begins with: somebody is signed in, and acts for one of their teams."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase

from foundry.accounts.caller import Caller, account
from foundry.accounts.models import Scope, Team, User

#: Where the session keeps the id of the team that the user acts for.
TEAM = "team"


class PageRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    caller: Caller
    area: str


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
    """Who is signed in, for the team of their session; somebody without a team gets one of their own."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101
    teams = {team.pk: team for team in Team.objects.filter(membership__user=user).order_by("name")}
    team = teams.get(request.session.get(TEAM, 0)) or next(iter(teams.values()), None)
    if team is None:
        _, team = account(user.username)
    scopes = {Scope.READ, Scope.WRITE} | ({Scope.PRIORITY} if user.is_staff else set())
    return Caller(user=user, team=team, scopes=frozenset(scopes))


def context(request: HttpRequest) -> dict[str, Any]:
    """For all templates: who is signed in, for which team, and where in the menu."""
    return {"caller": getattr(request, "caller", None), "area": getattr(request, "area", "")}
