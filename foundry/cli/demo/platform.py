"""What must be there before the demo's processes start: the database's tables, and somebody to be."""

from __future__ import annotations

import os

from django.core.management import call_command

from foundry.accounts import tokens
from foundry.accounts.caller import account
from foundry.accounts.models import Token
from foundry.cli import credentials
from foundry.cli.credentials import Credentials

_NAME = "demo"


def prepare() -> None:
    """The database, started if it is the embedded one, as the code expects it."""
    call_command("migrate", verbosity=0, interactive=False)


def set_environment(url: str) -> None:
    """For the processes to come: links lead here, and webhooks may go to programs on this machine."""
    os.environ.setdefault("FOUNDRY_PUBLIC_URL", url)
    os.environ.setdefault("FOUNDRY_WEBHOOK_TRUSTED", "127.0.0.0/8,::1")


def sign_in(url: str) -> Credentials:
    """A user with a token of this run; those of earlier runs end. An operator too, to see all pages."""
    user, team = account(_NAME, _NAME)
    password = credentials.demo_password()
    if not user.check_password(password):  # set anew, even the same one would end all sessions
        user.set_password(password)
    user.is_staff = True
    user.save(update_fields=["password", "is_staff"])
    for old in Token.objects.filter(user=user, name=_NAME, revoked_at=None):
        tokens.revoke(token=old)
    _, secret = tokens.create(user=user, team=team, name=_NAME)
    made = Credentials(url, secret, password)
    credentials.save_demo(made)
    return made
