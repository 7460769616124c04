"""How long one waits for a connection that is refused for the moment.

A thousand slots may want one of a hundred connections in the same second: each needs it for milliseconds only, so those
who wait get theirs. A refusal costs the server as much as a connection, so slots, which are many, ask seldom and wait
long. Users are few: their requests ask often, and are answered with 503 if nothing comes free soon.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.core.signals import request_finished, request_started


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """In seconds: how long in all, and the longest pause at first and in the end."""

    total: float
    first: float
    longest: float


#: Of slots, commands and all else; and while a user waits for an answer, or for what can wait for another time.
_LONG, _SHORT = Patience(60, 0.2, 5), Patience(8, 0.05, 0.25)

#: What PostgreSQL and poolers say when they have no room, or are just starting or stopping. They have codes for it, but
#: psycopg2 does not tell those of a connection that failed. The last is a socket whose queue is full.
_BUSY = (
    "too many clients",
    "too many connections",
    "remaining connection slots are reserved",
    "no more connections allowed",
    "the database system is",
    "server closed the connection unexpectedly",
    "timeout expired",
    "Resource temporarily unavailable",
)
#: By password, by IAM (which RDS asks through PAM), through poolers.
_PASSWORD_REFUSED = ("password authentication failed", "PAM authentication failed", "SASL authentication failed")

_thread = threading.local()


def is_busy(error: Exception) -> bool:
    """Whether the server would take the connection a little later."""
    return _says(error, _BUSY)


def is_password_refused(error: Exception) -> bool:
    """Whether the server did not believe the password."""
    return _says(error, _PASSWORD_REFUSED)


def _says(error: Exception, phrases: tuple[str, ...]) -> bool:
    text = str(error)
    return any(phrase in text for phrase in phrases)


@contextlib.contextmanager
def short() -> Iterator[None]:
    """As if a user waited."""
    _serve()
    try:
        yield
    finally:
        _rest()


def pauses() -> Iterator[float]:
    """Seconds to wait before each further try, growing and jittered, until patience has run out."""
    patience = _SHORT if getattr(_thread, "serves", False) else _LONG
    ends_at = time.monotonic() + patience.total
    longest = patience.first
    while (pause := random.uniform(0, longest)) + time.monotonic() < ends_at:  # noqa: S311
        yield pause
        longest = min(2 * longest, patience.longest)


def _serve(**signal: Any) -> None:
    _thread.serves = True


def _rest(**signal: Any) -> None:
    _thread.serves = False


request_started.connect(_serve)
request_finished.connect(_rest)
