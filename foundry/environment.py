"""Reads settings from environment variables and fails loudly, naming the variable."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Collection
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject

_SECRET_LENGTH = 50
#: The port where mail servers of one's own network take mail without TLS.
_PLAIN_SMTP = 25
#: In a mailer's place: mail is written out, into the log of who would send it.
CONSOLE = "console:"
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


def secret(name: str, fetch: Callable[[str], str]) -> str:
    """A secret of 50 characters or more, without which the process must not start.

    Or it is in a vault: the variable `{name}_SECRET` says where, and it is fetched when it is first looked at.
    """
    if where := os.environ.get(f"{name}_SECRET"):
        return cast(str, SimpleLazyObject(lambda: _long(f"The secret {where}", fetch(where))))
    return _long(name, text(name))


def _long(name: str, value: str) -> str:
    if len(value) < _SECRET_LENGTH:
        raise ImproperlyConfigured(f"{name} has {len(value)} characters; write {_SECRET_LENGTH} random ones or more.")
    return value


def prices(name: str) -> tuple[str, Decimal, Decimal] | None:
    """A price list's name and date, USD a GB-second and USD an invocation, separated by semicolons."""
    value = os.environ.get(name, "")
    if not value.strip():
        return None
    title, *amounts = (part.strip() for part in value.split(";"))
    try:
        per_gb_second, per_invocation = map(Decimal, amounts)
        right = title and 0 < per_gb_second < 1 and 0 <= per_invocation < 1
    except (ValueError, InvalidOperation):
        right = False
    if not right:
        raise ImproperlyConfigured(
            f"{name}={value!r}: write the list's name and date, USD per GB-second and USD per invocation, "
            "such as 'eu-central-1 2026-11; 0.0000166667; 0.0000002'."
        )
    return title[:100], per_gb_second, per_invocation


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def networks(name: str) -> list[str]:
    """A list of networks or addresses, separated by commas."""
    given = words(name)
    try:
        return [str(ipaddress.ip_network(word)) for word in given]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Write such as 10.1.2.0/24 or 192.168.1.7.") from None


#: How long a mail server may take to answer.
_MAIL_TIMEOUT_S = 10


def mailer(name: str, url: str) -> dict[str, Any]:
    """Django's settings for smtp://user:password@host:587 (no TLS on port 25 only), smtps://..., ses: or console:."""
    parts = urlsplit(url)
    match parts.scheme:
        case "console":
            return {"BACKEND": "foundry.cli.mail.ConsoleBackend"}
        case "ses":
            return {"BACKEND": "foundry.aws.mail.SesBackend"}
        case "smtp" | "smtps" if parts.hostname:
            secure = parts.scheme == "smtps"
            port = parts.port or (465 if secure else 587)
            options = {
                "host": parts.hostname,
                "port": port,
                "username": unquote(parts.username or ""),
                "password": unquote(parts.password or ""),
                "use_ssl": secure,
                "use_tls": not secure and port != _PLAIN_SMTP,
                "timeout": _MAIL_TIMEOUT_S,
            }
            return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    raise ImproperlyConfigured(f"{name}: write smtp://user:password@host:587, smtps://..., ses: or console:.")


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
