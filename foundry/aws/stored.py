"""Which large files there are and who makes them: each is made once, and a few at a time."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.timezone import now
from pydantic_core import to_json

from foundry import catalog
from foundry.api.files import File
from foundry.aws.models import FileState, StoredFile
from foundry.core.result_table import ALL, Query

#: What the function's role may write; infra/api.yaml has it too.
PREFIX = "files/"
#: Files made at the same time; the other invocations are for the API.
AT_ONCE = 4
#: A file that failed so often is given up.
ATTEMPTS = 3
#: How long an invocation may be on its way.
_ON_ITS_WAY = timedelta(minutes=5)
#: Before a file that failed is tried again, and one that was given up.
_PAUSE, _GIVEN_UP_FOR = timedelta(minutes=1), timedelta(days=1)


def key_of(file: File) -> str:
    """Where in the bucket it is. Other results have another key: only a retry changes them, and it makes new jobs."""
    request, asked = file.view.request, file.asked
    service = catalog.services().get(request.service)
    version = f"{service.version if service else 'gone'}-{file.view.jobs}"
    part = asked.position or _chosen(asked.query) or "all"
    return f"{PREFIX}{request.team_id}/{request.pk}/{quote(version)}/{asked.kind}/{part}/{quote(asked.name, safe='')}"


def _chosen(query: Query) -> str:
    """Which items of a request and in which order, as a name; empty: all by position."""
    return hashlib.sha256(to_json(dataclasses.asdict(query))).hexdigest()[:32] if query != ALL else ""


def find(key: str) -> StoredFile | None:
    """What is known of the file."""
    return StoredFile.objects.filter(key=key).first()


def is_being_made(stored: StoredFile) -> bool:
    return stored.state == FileState.MAKING and stored.until > now()


def may_be_claimed(stored: StoredFile) -> bool:
    """Whether the last try was long enough ago; `claim` has the same rule in SQL."""
    return stored.until + (_GIVEN_UP_FOR if stored.attempt >= ATTEMPTS else timedelta()) < now()


_CLAIM = """
INSERT INTO aws_storedfile (key, request_id, asked, state, attempt, until, error)
SELECT %(key)s, %(request)s, %(asked)s, 'making', 1, now() + %(on_its_way)s, ''
WHERE (SELECT count(*) FROM aws_storedfile WHERE state = 'making' AND until > now()) < %(at_once)s
ON CONFLICT (key) DO UPDATE SET
    state = 'making', claimed_at = now(), until = excluded.until, begun = false, error = '',
    attempt = CASE WHEN aws_storedfile.attempt >= %(attempts)s THEN 1 ELSE aws_storedfile.attempt + 1 END
WHERE aws_storedfile.state <> 'made' AND aws_storedfile.until
    < now() - CASE WHEN aws_storedfile.attempt >= %(attempts)s THEN %(given_up_for)s ELSE interval '0' END
RETURNING id
"""


def claim(file: File, key: str) -> StoredFile | None:
    """The right to make the file; None if another has it, or enough others are being made."""
    values: dict[str, Any] = {
        "key": key,
        "request": file.view.request.pk,
        "asked": to_json(dataclasses.asdict(file.asked)).decode(),
        "on_its_way": _ON_ITS_WAY,
        "at_once": AT_ONCE,
        "attempts": ATTEMPTS,
        "given_up_for": _GIVEN_UP_FOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        row = cursor.fetchone()
    return StoredFile.objects.get(pk=row[0]) if row else None


def begin(pk: int, attempt: int, *, lasts: timedelta) -> StoredFile | None:
    """Take on, for so long, what was claimed; None if that has been done, or it is somebody else's by now."""
    waiting = StoredFile.objects.filter(pk=pk, attempt=attempt, state=FileState.MAKING, begun=False)
    taken = waiting.update(begun=True, until=Now() + lasts)
    return StoredFile.objects.select_related("request__team").get(pk=pk) if taken else None


def finish(stored: StoredFile) -> None:
    """It is in the bucket."""
    _unchanged(stored).update(state=FileState.MADE)


def fail(stored: StoredFile, error: str, *, for_good: bool = False) -> None:
    """It could not be made, for that reason; who asks after a pause has it tried again."""
    attempt = ATTEMPTS if for_good else F("attempt")
    _unchanged(stored).update(state=FileState.FAILED, error=error, attempt=attempt, until=Now() + _PAUSE)


def drop(stored: StoredFile) -> None:
    """It is not made, or not there any more, and nothing is wrong: who asks next may make it."""
    _unchanged(stored).delete()


def _unchanged(stored: StoredFile) -> QuerySet[StoredFile]:
    return StoredFile.objects.filter(pk=stored.pk, attempt=stored.attempt, state=stored.state)
