"""Who a request comes from, however it came."""

from __future__ import annotations

import dataclasses

from django.conf import settings

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
    """The service account that a direct Lambda invoke acts as; it is made when it is first used."""
    user, team = account(settings.FOUNDRY_INVOKE_ACCOUNT)
    return Caller(user=user, team=team, scopes=frozenset({Scope.READ, Scope.WRITE}))


def account(username: str, team_name: str | None = None) -> tuple[User, Team]:
    """The user and team of those names, made where they are missing; the team is named like the user by default.

    A user made here has no usable password.
    """
    user, made = User.objects.get_or_create(username=username)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    team, _ = Team.objects.get_or_create(name=team_name or username)
    teams.join(team=team, user=user)
    return user, team
