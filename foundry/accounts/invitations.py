"""Invitations: an admin offers a place in a team, and the invited user takes it or not."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from foundry.accounts import teams
from foundry.accounts.models import Invitation, Membership, Role, Team, User
from foundry.accounts.teams import TeamError


def invite(*, team: Team, who: str, role: Role, by: User) -> Invitation:
    """Offer the user of that name or e-mail address a place in the team. Raises TeamError."""
    teams.require_shared(team)
    user = teams.find(who.strip())
    if teams.role(team=team, user=user):
        raise TeamError(f"{user.username} is in the team already.")
    made, is_new = Invitation.objects.get_or_create(team=team, user=user, defaults={"role": role, "invited_by": by})
    if not is_new:
        raise TeamError(f"{user.username} is invited already and has not answered yet.")
    return made


def accept(*, invitation: Invitation) -> None:
    """The user is in the team now; what they act for stays."""
    with transaction.atomic():
        # Of an answer and a withdrawal at the same moment the first one counts.
        if not Invitation.objects.select_for_update().filter(pk=invitation.pk).exists():
            raise TeamError("The invitation is not there any more.")
        place = {"role": invitation.role}
        Membership.objects.get_or_create(team=invitation.team, user=invitation.user, defaults=place)
        Invitation.objects.filter(pk=invitation.pk).delete()


def end(*, invitation: Invitation) -> None:
    """The user declines, or an admin withdraws it."""
    Invitation.objects.filter(pk=invitation.pk).delete()


def of_user(user: User) -> QuerySet[Invitation]:
    """Those that wait for the user's answer, by team."""
    return Invitation.objects.filter(user=user).select_related("team", "invited_by").order_by("team__name")


def of_team(team: Team) -> QuerySet[Invitation]:
    """Those that nobody has answered yet, by user."""
    return Invitation.objects.filter(team=team).select_related("user", "invited_by").order_by("user__username")
