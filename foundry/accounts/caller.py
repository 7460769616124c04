"""Who a request comes from, however it came."""

from __future__ import annotations

import dataclasses

from django.conf import settings
from django.db import transaction

from foundry.accounts import teams
from foundry.accounts.models import Scope, Team, Token, User


@dataclasses.dataclass(frozen=True, slots=True)
class Caller:
    """A user acting for a team, with what they may do."""

    user: User
    team: Team
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the caller has been given that scope."""
        return scope in self.scopes


def from_token(token: Token) -> Caller:
    """The caller that a token stands for."""
    return Caller(user=token.user, team=token.team, scopes=frozenset(Scope(scope) for scope in token.scopes.split()))


def invoker() -> Caller:
    """The service account that a direct Lambda invoke acts as, made when it is first used.

    It acts for the team that operators first put it into, else for its own.
    """
    user = _user(settings.FOUNDRY_INVOKE_ACCOUNT)
    return Caller(user=user, team=teams.acting(user), scopes=frozenset({Scope.READ, Scope.WRITE}))


@transaction.atomic
def account(username: str, team_name: str | None = None) -> tuple[User, Team]:
    """The user and the team of that name, made where they are missing; their own team if none is named.

    For operators: the user is in the team then, unasked. A user made here has no usable password. Raises TeamError.
    """
    user = _user(username)
    if team_name is None:
        return user, teams.personal(user)
    team, _ = Team.objects.get_or_create(name=team_name)
    teams.join(team=team, user=user)
    return user, team


def _user(username: str) -> User:
    user, made = User.objects.get_or_create(username=username)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user
