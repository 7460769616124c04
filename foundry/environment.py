"""Reads settings from environment variables and fails loudly, naming the variable."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_SECRET_LENGTH = 50
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """The variable's value. Without a default it must be set."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def flag(name: str) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off and if it is not set."""
    value = os.environ.get(name, "").lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name}={value!r}: write 1 or 0.")
    return value in _TRUE


def number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number."""
    value = os.environ.get(name, "")
    try:
        number = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number.") from None
    if number < least:
        raise ImproperlyConfigured(f"{name}={value}: write {least} or more.")
    return number


def choice(name: str, default: str, among: Collection[str]) -> str:
    """One of several words."""
    value = os.environ.get(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name}={value!r}: write one of {', '.join(among)}.")
    return value


def secret(name: str) -> str:
    """A secret of 50 characters or more, without which the process must not start."""
    value = text(name)
    if len(value) < _SECRET_LENGTH:
        raise ImproperlyConfigured(f"{name} has {len(value)} characters; write {_SECRET_LENGTH} random ones or more.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's settings for a URL such as postgresql://user:password@host:5432/name?sslmode=require.

    What stands after the question mark goes to libpq as it is, but `host`, which may be a socket's directory.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(
            f"DATABASE_URL starts with {parts.scheme!r}; Foundry runs on PostgreSQL only: postgresql://..."
        )
    options = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL: {error}") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": options.pop("port", None) or (str(port) if port else ""),
        "OPTIONS": options,
    }
