"""manage.py token: bearer tokens, directly in the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from django.utils import timezone

from foundry.accounts import tokens
from foundry.accounts.caller import account
from foundry.accounts.models import Scope, Token
from foundry.accounts.teams import TeamError
from foundry.dispatch.operators import table


class Command(BaseCommand):
    help = "Make, list and revoke bearer tokens. Works on the database itself, for those who operate Foundry."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="create | list | revoke")
        create = actions.add_parser("create", help="make a token and print its secret, once")
        create.add_argument("name", metavar="NAME", help="what it is for")
        create.add_argument("--user", required=True, help="whom it acts as; made if missing")
        create.add_argument("--team", required=True, help="whose requests it sees; made if missing")
        create.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what it allows; may be repeated (default: requests:read and requests:write)",
        )
        create.add_argument("--days", type=int, metavar="N", help="ends after N days (default: never)")
        listing = actions.add_parser("list", help="show the tokens that are valid")
        listing.add_argument("--all", action="store_true", help="those that have ended or were revoked, too")
        revoke = actions.add_parser("revoke", help="end a token")
        revoke.add_argument("prefix", metavar="TOKEN", help="its beginning, as `list` shows it, or all of it")

    def handle(self, *args: Any, **options: Any) -> None:
        {"create": self._create, "list": self._list, "revoke": self._revoke}[options["action"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        if not options["name"] or len(options["name"]) > 100:
            raise CommandError("The token's name must have 1 to 100 characters.")
        _, secret = tokens.create(
            **_owner(options["user"], options["team"]),
            name=options["name"],
            scopes=[Scope(scope) for scope in options["scope"] or (Scope.READ, Scope.WRITE)],
            expires_at=_expiry(options["days"]),
        )
        self.stdout.write(secret)
        self.stderr.write("This is the only time it is shown.", self.style.NOTICE)

    def _list(self, options: dict[str, Any]) -> None:
        every = Token.objects.select_related("user", "team").order_by("-created_at")
        found = [one for one in every if options["all"] or _state(one) == "valid"]
        headings = ["Prefix", "Name", "User", "Team", "Scopes", "Created", "Ends", "Last used", "State"]
        rows = [
            (
                *(one.prefix, one.name, one.user.username, one.team.name, one.scopes),
                *(one.created_at, one.expires_at, one.last_used_at, _state(one)),
            )
            for one in found
        ]
        self.stdout.write(table(headings, rows) if rows else "No tokens.")

    def _revoke(self, options: dict[str, Any]) -> None:
        found = [one for one in Token.objects.filter(revoked_at=None) if _is_meant(one, options["prefix"])]
        if len(found) != 1:
            how_many = "No token that is not revoked begins" if not found else "More than one token begins"
            raise CommandError(f"{how_many} with what was given; see `manage.py token list`.")
        tokens.revoke(token=found[0])
        self.stdout.write(f"Revoked {found[0]}.")


def _owner(username: str, team_name: str) -> dict[str, Any]:
    try:
        validate_slug(team_name)
    except ValidationError:
        raise CommandError(f"--team {team_name}: write letters, digits, hyphens and underscores only.") from None
    try:
        user, team = account(username, team_name)
    except TeamError as error:
        raise CommandError(f"--team {team_name}: {error}") from None
    return {"user": user, "team": team}


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if days < 1:
        raise CommandError("--days must be at least 1.")
    return timezone.now() + timedelta(days=days)


def _is_meant(token: Token, given: str) -> bool:
    """By the beginning of it, or by the whole secret, which is never printed."""
    return bool(given) and (token.prefix.startswith(given) or given.startswith(token.prefix))


def _state(token: Token) -> str:
    if token.revoked_at:
        return "revoked"
    return "ended" if token.expires_at and token.expires_at <= timezone.now() else "valid"
