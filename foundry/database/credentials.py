"""Credentials that are fetched when a connection is made, and fetched anew when the server refuses them."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from foundry import secrets

type Entry = dict[str, Any]


class Credentials(Protocol):
    """Where an entry of DATABASES gets its password from, and what else it lacks."""

    def complete(self, entry: Entry) -> Entry:
        """The entry to connect with. Raises OperationalError if the credentials cannot be had now."""

    def renew(self, refused: Entry) -> bool:
        """The server did not take the password of that entry. Whether to try again with what `complete` says now."""


class Secret:
    """A secret as RDS keeps it: JSON with `username` and `password`, maybe `host`, `port` and `dbname`.

    Read once a process, and again when it is refused: it has been rotated.
    """

    def __init__(self, name: str, secure: Callable[[Entry], Entry]) -> None:
        self._name, self._secure = name, secure
        self._values: dict[str, Any] = {}
        self._lock = threading.Lock()

    def complete(self, entry: Entry) -> Entry:
        """User and password are the secret's; where to, and which database, is so only if the entry does not say."""
        with self._lock:
            self._values = values = self._values or self._read()
        return self._secure(
            entry
            | {"USER": values["username"], "PASSWORD": values["password"]}
            | {
                key: entry[key] or str(values.get(name, ""))
                for key, name in (("HOST", "host"), ("PORT", "port"), ("NAME", "dbname"))
            }
        )

    def renew(self, refused: Entry) -> bool:
        """Reads it again, unless another thread has. While it is rotated, the server knows the new one a little first:
        so the same again is worth another try, too.
        """
        with self._lock:
            if self._values.get("password") == refused["PASSWORD"]:
                self._values = {}
        return True

    def _read(self) -> dict[str, Any]:
        try:
            text = secrets.read(self._name)
        except secrets.UnreadableSecretError as error:
            raise OperationalError(str(error)) from error
        try:
            values = json.loads(text)
            return {**values, "username": values["username"], "password": values["password"]}
        except (ValueError, TypeError, KeyError):
            raise ImproperlyConfigured(
                f"The secret {self._name} is not a database's: JSON with username and password is expected."
            ) from None


class IamToken:
    """A signed token for the password, as RDS takes it from roles. Good for 15 minutes; each connection gets its own,
    which is signed here and asks nobody.
    """

    def complete(self, entry: Entry) -> Entry:
        """The entry with a token for its user, host and port."""
        port = entry["PORT"] or "5432"
        token = _rds().generate_db_auth_token(DBHostname=entry["HOST"], Port=int(port), DBUsername=entry["USER"])
        return entry | {"PASSWORD": token}

    def renew(self, refused: Entry) -> bool:
        """A fresh one would fare no better."""
        return False


@functools.cache
def _rds() -> Any:
    import boto3

    return boto3.client("rds")
