"""Teams: who is in them, and who decides about that."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from foundry.accounts.models import Membership, Role, Team, Token, User

_LONGEST_NAME = 100


class TeamError(Exception):
    """What was asked cannot be done; the message says why, for people."""


def join(*, team: Team, user: User) -> Membership:
    """The user's place in the team; whoever comes first is its admin."""
    if found := Membership.objects.filter(team=team, user=user).first():
        return found
    with transaction.atomic():
        others = _locked(team)
        role = Role.MEMBER if any(one.role == Role.ADMIN for one in others) else Role.ADMIN
        membership, _ = Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
    return membership


def create(*, user: User, name: str) -> Team:
    """A new team, with the user as its admin. Raises TeamError."""
    try:
        validate_slug(name)
    except ValidationError:
        raise TeamError("A team's name has letters, digits, hyphens and underscores only.") from None
    if len(name) > _LONGEST_NAME:
        raise TeamError(f"A team's name has {_LONGEST_NAME} characters at most.")
    try:
        with transaction.atomic():
            team = Team.objects.create(name=name)
            join(team=team, user=user)
    except IntegrityError:
        raise TeamError(f"There is a team {name} already. Its admins can add you.") from None
    return team


def role(*, team: Team, user: User) -> Role | None:
    """What the user is in the team; None: not in it."""
    found = Membership.objects.filter(team=team, user=user).values_list("role", flat=True).first()
    return Role(found) if found else None


def members(team: Team) -> QuerySet[Membership]:
    """Its members, by name."""
    return Membership.objects.filter(team=team).select_related("user").order_by("user__username")


def add(*, team: Team, who: str, role: Role) -> User:
    """Add the user of that name or e-mail address. Raises TeamError."""
    user = _find(who.strip())
    _, added = Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
    if not added:
        raise TeamError(f"{user.username} is in the team already.")
    return user


def set_role(*, team: Team, user: User, role: Role) -> None:
    """Raises TeamError if the team would have no admin."""
    with transaction.atomic():
        _require_other_admin(team, user, keeps=role == Role.ADMIN)
        Membership.objects.filter(team=team, user=user).update(role=role)


def remove(*, team: Team, user: User) -> None:
    """The user sees nothing of the team's any more, and their tokens for it end. Raises TeamError."""
    with transaction.atomic():
        _require_other_admin(team, user)
        Membership.objects.filter(team=team, user=user).delete()
        Token.objects.filter(team=team, user=user, revoked_at=None).update(revoked_at=timezone.now())


def _find(who: str) -> User:
    found = list(User.objects.filter(Q(username=who) | Q(email__iexact=who, email__gt=""), is_active=True)[:2])
    if not found:
        raise TeamError(f"There is no user with the name or e-mail address {who!r}.")
    if len(found) > 1:
        raise TeamError(f"More than one user has the e-mail address {who!r}; give the user's name.")
    return found[0]


def _require_other_admin(team: Team, user: User, *, keeps: bool = False) -> None:
    """Within a transaction: two admins who leave at the same moment come one after the other."""
    if keeps:
        return
    others = [one for one in _locked(team) if one.user_id != user.pk and one.role == Role.ADMIN]
    if not others:
        raise TeamError(f"{user.username} is the team's only admin. Make somebody else one first.")


def _locked(team: Team) -> list[Membership]:
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)  # requests may refer to it meanwhile
    return list(Membership.objects.filter(team=team))
