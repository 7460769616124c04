"""Teams: who is in them, who decides about that, and for which of theirs a user acts."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from foundry.accounts.models import Invitation, Membership, Role, Team, Token, User

_LONGEST_NAME = 100
#: Of a user's name as much as leaves room for a number behind it.
_LONGEST_PERSONAL = 90


class TeamError(Exception):
    """What was asked cannot be done; the message says why, for people."""


def acting(user: User) -> Team:
    """The team that the user chose last, if they are still in it; else their own."""
    chosen = Team.objects.filter(actors=user, membership__user=user).first()
    if chosen is None:
        chosen = personal(user)
        act_for(team=chosen, user=user)
    return chosen


def act_for(*, team: Team, user: User) -> None:
    """What the user submits in the pages belongs to that team from now on, and what they see is that team's."""
    User.objects.filter(pk=user.pk).update(acting_for=team)


def personal(user: User) -> Team:
    """The user's own team, made when it is first needed. It never is one that somebody else has made."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two first pages at once make one team
        team = Team.objects.filter(personal_of=user).first() or _make_personal(user)
        Membership.objects.get_or_create(team=team, user=user, defaults={"role": Role.ADMIN})
    return team


def _make_personal(user: User) -> Team:
    base = slugify(re.sub(r"[@.+]", "-", user.username))[:_LONGEST_PERSONAL].strip("-") or "user"
    name, number = base, 1
    while not (made := Team.objects.get_or_create(name=name, defaults={"personal_of": user}))[1]:
        number += 1
        name = f"{base}-{number}"
    return made[0]


def join(*, team: Team, user: User) -> Membership:
    """The user's place in the team; whoever comes first is its admin. A user acts for their first team.

    Nobody asks the user, so it is for operators and for who makes a team. Raises TeamError.
    """
    if found := Membership.objects.filter(team=team, user=user).first():
        return found
    require_shared(team)
    with transaction.atomic():
        others = _locked(team)
        role = Role.MEMBER if any(one.role == Role.ADMIN for one in others) else Role.ADMIN
        membership, _ = Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
        User.objects.filter(pk=user.pk, acting_for=None).update(acting_for=team)
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
        raise TeamError(f"There is a team {name} already. Its admins can invite you.") from None
    return team


def role(*, team: Team, user: User) -> Role | None:
    """What the user is in the team; None: not in it."""
    found = Membership.objects.filter(team=team, user=user).values_list("role", flat=True).first()
    return Role(found) if found else None


def members(team: Team) -> QuerySet[Membership]:
    """Its members, by name."""
    return Membership.objects.filter(team=team).select_related("user").order_by("user__username")


def find(who: str) -> User:
    """The user of that name or e-mail address; anybody may claim one that is not confirmed. Raises TeamError."""
    by_address = Q(email__iexact=who, email__gt="", confirmed_email=F("email"))
    found = list(User.objects.filter(Q(username=who) | by_address, is_active=True)[:2])
    if not found:
        raise TeamError(f"There is no user with the name or the confirmed e-mail address {who!r}.")
    if len(found) > 1:
        raise TeamError(f"More than one user has the e-mail address {who!r}; give the user's name.")
    return found[0]


def set_role(*, team: Team, user: User, role: Role) -> None:
    """Raises TeamError if the team would have no admin."""
    with transaction.atomic():
        _require_other_admin(team, user, keeps=role == Role.ADMIN)
        Membership.objects.filter(team=team, user=user).update(role=role)


def remove(*, team: Team, user: User) -> None:
    """The user sees nothing of the team's any more; their tokens for it end, and invitations that they made.

    Raises TeamError.
    """
    require_shared(team)
    with transaction.atomic():
        _require_other_admin(team, user)
        Membership.objects.filter(team=team, user=user).delete()
        Token.objects.filter(team=team, user=user, revoked_at=None).update(revoked_at=timezone.now())
        Invitation.objects.filter(team=team, invited_by=user).delete()
        User.objects.filter(pk=user.pk, acting_for=team).update(acting_for=None)


def require_shared(team: Team) -> None:
    """Raises TeamError for somebody's own team."""
    if team.personal_of_id is not None:
        raise TeamError(f"{team} is one user's own team. Make another one to share requests.")


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
