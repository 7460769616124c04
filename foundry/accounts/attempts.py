"""How often one may try to sign in with a wrong password.

Attempts are counted in the database, as many processes answer: of one account from one address, of one address, and of
one account from wherever. Who guesses from one address soon has to wait, and the owner of the account, at another
address, does not; an account that is tried from many addresses is closed for minutes only. An attempt is counted before
the password is looked at, so that many at once are not let through, and no more once it has succeeded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from foundry.accounts.models import SignInAttempts

#: Counted from the first attempt; then all begins anew.
_WINDOW = timedelta(minutes=5)
_FROM_ONE_ADDRESS, _OF_ONE_ADDRESS, _OF_ONE_ACCOUNT = 10, 50, 50

_COUNT = """
INSERT INTO accounts_signinattempts AS old (key, count, since) VALUES (%s, 1, now())
ON CONFLICT (key) DO UPDATE SET count = old.count + 1
RETURNING count, now() - since
"""


class TooManyAttemptsError(Exception):
    """There were too many; there may be more after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


def count(*, username: str, address: str) -> None:
    """Count an attempt. Raises TooManyAttemptsError; whoever is refused uses up nothing of the next, wider limit."""
    SignInAttempts.objects.filter(since__lte=Now() - _WINDOW).delete()
    for key, limit in _limits(username, address):
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [key])
            counted, since = cursor.fetchone()
        if counted > limit:
            raise TooManyAttemptsError(_WINDOW - since)


def forgive(*, username: str, address: str) -> None:
    """The attempt has succeeded."""
    for key, _ in _limits(username, address):
        SignInAttempts.objects.filter(key=key, count__gt=0).update(count=F("count") - 1)


def _limits(username: str, address: str) -> Iterator[tuple[str, int]]:
    yield _key("account from address", username, address), _FROM_ONE_ADDRESS
    yield _key("address", address), _OF_ONE_ADDRESS
    yield _key("account", username), _OF_ONE_ACCOUNT


def _key(*parts: str) -> str:
    """People type passwords into the field for their name, too: no such word is kept."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()
