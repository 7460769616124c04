"""The connection to a PostgreSQL of one's own: where its credentials come from, its TLS, its patience."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from foundry import environment
from foundry.database import credentials, tls

__all__ = ["is_elsewhere", "settings"]

#: Seconds until a server that does not answer is given up: a wrong security group answers nothing at all.
_CONNECT_TIMEOUT_S = "10"


def settings(*, production: bool, certificates: Path) -> dict[str, Any] | None:
    """An entry of Django's DATABASES from the environment, or None if it names no database.

    `certificates` is the file of the authorities that servers are checked against, unless FOUNDRY_DATABASE_CA names
    another. `production` is for every function on AWS. Raises ImproperlyConfigured, in production also for a connection
    that could be in the clear.
    """
    url, secret = environment.text("DATABASE_URL", ""), environment.text("FOUNDRY_DATABASE_SECRET", "")
    if not url and not secret:
        return None
    entry = environment.database(url or "postgresql://") | {"ENGINE": "foundry.database"}
    for key in ("HOST", "PORT", "NAME"):
        entry[key] = environment.text(f"FOUNDRY_DATABASE_{key}", entry[key])
    entry["OPTIONS"].setdefault("connect_timeout", _CONNECT_TIMEOUT_S)
    # Poolers in transaction mode have no cursor that outlives a transaction.
    entry["DISABLE_SERVER_SIDE_CURSORS"] = True
    ca = Path(environment.text("FOUNDRY_DATABASE_CA", str(certificates)))
    secure = partial(tls.secure, certificates=ca) if production else _as_it_is
    if environment.choice("FOUNDRY_DATABASE_AUTH", "password", ("password", "iam")) == "iam":
        return secure(_with_iam(entry, secret))
    if not secret:
        return secure(entry)
    return (secure(entry) if entry["HOST"] else entry) | {"CREDENTIALS": credentials.Secret(secret, secure)}


def is_elsewhere(entry: dict[str, Any]) -> bool:
    """Whether that entry of DATABASES is on another machine, or a secret says where, which nobody has read yet."""
    return not tls.is_local(entry["HOST"]) or (not entry["HOST"] and "CREDENTIALS" in entry)


def _as_it_is(entry: dict[str, Any]) -> dict[str, Any]:
    return entry


def _with_iam(entry: dict[str, Any], secret: str) -> dict[str, Any]:
    if secret or not entry["USER"] or not entry["HOST"]:
        raise ImproperlyConfigured(
            "FOUNDRY_DATABASE_AUTH=iam: set DATABASE_URL with the user and the host, and no FOUNDRY_DATABASE_SECRET."
        )
    return entry | {"CREDENTIALS": credentials.IamToken()}
