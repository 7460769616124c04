"""Files on Lambda, where an answer is short: what fits is the answer, what does not is put into the bucket."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from datetime import timedelta

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from django.utils.timezone import now

from foundry.api.files import File
from foundry.api.problems import ProblemError
from foundry.aws import bucket, limits, making, stored
from foundry.aws.models import FileState

#: How long somebody waits for a file; what takes longer is made without them.
_PATIENCE_S = 15
#: What a body may take of an answer; the rest is for its headers.
_BODY_SHARE = 0.98
#: Between two looks at a file that is being made: longer, the longer it takes.
_SOONEST_S, _LATEST_S = 2, 15


class Bucketed:
    """A `foundry.api.files.Answers`."""

    def answer(self, file: File) -> HttpResponseBase:
        """The file, or where it is. Raises ProblemError."""
        ends_at = time.monotonic() + _PATIENCE_S
        key = stored.key_of(file)
        if url := _find(file, key):
            return _redirection(url)
        pieces = file.draw()
        begun, whole = _begin(pieces, ends_at)
        if whole:
            return file.response(begun)
        if not file.view.state.has_ended:
            raise ProblemError(413, _UNFINISHED)
        _make(file, key, itertools.chain(begun, pieces), ends_at)
        url = bucket.link(key)
        if url is None:
            raise RuntimeError(f"{key} was written and is not in the bucket.")
        return _redirection(url)


def _find(file: File, key: str) -> str | None:
    """A link to the file if it has been made; ProblemError while it is, or if it cannot be."""
    row = stored.find(key)
    if row is None:
        return None
    if row.state == FileState.MADE:
        url = bucket.link(key)
        if url is None:  # its time in the bucket is over
            stored.drop(row)
        return url
    if stored.is_being_made(row):
        raise _being_made(file, now() - row.claimed_at)
    if not stored.may_be_claimed(row):
        raise ProblemError(500, row.error or making.BROKEN)
    return None


def _begin(pieces: Iterator[bytes], ends_at: float) -> tuple[list[bytes], bool]:
    """The first pieces, and whether that is all; no more of them than fit into an answer, and no longer than that."""
    begun, size = [], 0
    for piece in pieces:
        begun.append(piece)
        size += _size(piece)
        if size > limits.ANSWER_BYTES * _BODY_SHARE or time.monotonic() > ends_at:
            return begun, False
    return begun, True


def _size(piece: bytes) -> int:
    """What it takes in an answer, which is JSON: as text or, depending on its media type, as base64."""
    as_base64 = len(piece) * 4 // 3 + 4
    try:
        return max(as_base64, len(json.dumps(piece.decode())))
    except UnicodeDecodeError:
        return as_base64


def _make(file: File, key: str, pieces: Iterator[bytes], ends_at: float) -> None:
    """Make it now. Raises ProblemError if somebody else does, or if it takes too long and goes on without us."""
    row = stored.claim(file, key)
    if row is None:
        raise _being_made(file, timedelta())
    try:
        making.write(row, file, pieces, ends_at=ends_at)
    except bucket.TooSlowError:
        making.dispatch(row)
        raise _being_made(file, timedelta()) from None
    except making.ChangedError:
        raise _being_made(file, timedelta()) from None


def _being_made(file: File, since: timedelta) -> ProblemError:
    seconds = round(min(max(since.total_seconds() / 2, _SOONEST_S), _LATEST_S))
    message = f"{file.name} is large and is being made. Ask again in {seconds} s; that does not start it anew."
    error = {"code": "file_being_made", "message": message}
    return ProblemError(503, message, [error], Retry_After=str(seconds))


def _redirection(url: str) -> HttpResponseBase:
    """The address is in the body too: who invokes the function without headers gets none."""
    return JsonResponse({"url": url}, status=303, headers={"Location": url})


_UNFINISHED = (
    "The file is over 6 MB, and its request still runs. Large files are made of finished requests; until then take "
    "results in pages (format=json)."
)
