"""Large files are made: at once, or by an invocation of its own if that takes long."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.conf import settings
from pydantic import TypeAdapter

from foundry.api.files import Asked, File
from foundry.aws import bucket, stored
from foundry.aws.dispatcher import as_task
from foundry.aws.events import Context, Make
from foundry.aws.models import StoredFile
from foundry.core import requests

logger = logging.getLogger(__name__)

#: Kept of an invocation's time, in seconds: to send the last part and to say what came of it.
_MARGIN_S = 30

#: Said of a file whose making ended in the middle.
BROKEN = "The file could not be made; this has been logged. Results can be had in pages (format=json)."
_ASKED = TypeAdapter(Asked)
_TOO_LONG = "Making the file takes longer than a function may run. Take results in pages (format=json)."


class ChangedError(Exception):
    """The request has other results by now, or computes some."""


def write(row: StoredFile, file: File, pieces: Iterable[bytes], *, ends_at: float) -> None:
    """Put the pieces into the bucket. Raises TooSlowError, and then the row still has the right to make it.

    Raises ChangedError too, and what drawing and writing raise.
    """
    kept = _unless_changed(row, pieces)
    try:
        bucket.write(row.key, kept, media_type=file.media_type, disposition=file.disposition, ends_at=ends_at)
    except bucket.TooSlowError:
        raise
    except ChangedError:
        stored.drop(row)
        raise
    except Exception:
        stored.fail(row, BROKEN)
        raise
    stored.finish(row)


def _unless_changed(row: StoredFile, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A file that was drawn while its results changed must not be kept."""
    yield from pieces
    _file(row)


def _file(row: StoredFile) -> File:
    """What the row stands for. Raises ChangedError."""
    view = requests.get(team=row.request.team, request=row.request_id)
    if (
        view
        and view.state.has_ended
        and stored.key_of(file := File(view, _ASKED.validate_python(row.asked))) == row.key
    ):
        return file
    raise ChangedError


def dispatch(row: StoredFile) -> None:
    """Have it made by another invocation of this function, for as long as that may last."""
    try:
        as_task(make, settings.FOUNDRY_RELEASE)(file=row.pk, attempt=row.attempt)
    except Exception:  # throttled, or AWS does not answer
        logger.warning("%s: the invocation was refused; who asks next repeats it", row.key, exc_info=True)
        stored.drop(row)


def make(*, file: int, attempt: int, context: Context) -> bool:
    """The task: make a claimed file. Says whether it did; what breaks is raised, for the operators to see."""
    lasts_s = context.get_remaining_time_in_millis() / 1000
    row = stored.begin(file, attempt, lasts=timedelta(seconds=lasts_s))
    if row is None:
        return False
    try:
        wanted = _file(row)
        write(row, wanted, wanted.draw(), ends_at=time.monotonic() + lasts_s - _MARGIN_S)
    except ChangedError:
        return False
    except bucket.TooSlowError:
        logger.error("%s: not made within %d s", row.key, lasts_s)
        stored.fail(row, _TOO_LONG, for_good=True)
        return False
    return True


def answer(asked: Make, context: Context) -> dict[str, bool]:
    """The task as an event."""
    return {"made": make(file=asked.file, attempt=asked.attempt, context=context)}
