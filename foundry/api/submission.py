"""Reads a submission from an HTTP request: items as JSON, or files in a multipart form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from foundry import catalog, intake
from foundry.api import body
from foundry.api.problems import ProblemError
from foundry.api.schemas import SubmitFormIn, SubmitIn
from foundry.core import uploads
from foundry.core.drafts import Draft
from foundry.core.submit import Submission

_KEY_LENGTH = 255
#: All fields of a form together, its files not among them.
_FIELDS_LENGTH = 1_000_000


def read(request: HttpRequest) -> Submission:
    """The submission in the request's body. Raises ProblemError 400, 413, 415 or 422."""
    key = _idempotency_key(request)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise ProblemError(415, "Compressed bodies are not taken; upload a zip file in a form instead.")
    body.require_utf8(request)
    match request.content_type:
        case "application/json":
            return _from_json(request, key)
        case "multipart/form-data":
            return _from_form(request, key)
        case other:
            raise ProblemError(
                415,
                f"Content-Type {other!r} is not taken: send application/json with items, or multipart/form-data with "
                "files.",
            )


def _idempotency_key(request: HttpRequest) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= _KEY_LENGTH and key.isprintable()):
        raise ProblemError(400, f"The Idempotency-Key must have 1 to {_KEY_LENGTH} printable characters.")
    return key


def _from_json(request: HttpRequest, key: str | None) -> Submission:
    asked = body.check(SubmitIn, body.parse(request.body))
    return _submission(asked, [Draft(values=item) for item in asked.items], key)


def _from_form(request: HttpRequest, key: str | None) -> Submission:
    fields, files = _form(request)
    asked = body.check(SubmitFormIn, fields)
    return _submission(asked, _drafts(asked.service, files), key)


def _submission(asked: SubmitIn | SubmitFormIn, items: Sequence[Draft], key: str | None) -> Submission:
    return Submission(
        service=asked.service,
        items=items,
        options=asked.options,
        defaults=asked.defaults,
        label=asked.label,
        tags=asked.tags,
        priority=asked.priority,
        idempotency_key=key,
    )


def _form(request: HttpRequest) -> tuple[dict[str, Any], list[intake.Upload]]:
    """The form's fields and files."""
    try:
        fields, files = request.POST.dict(), [file for name in request.FILES for file in request.FILES.getlist(name)]
    except (RequestDataTooBig, TooManyFieldsSent) as error:
        raise ProblemError(
            413, f"The form's fields are too large or too many; send sequences as files. {error}"
        ) from None
    except TooManyFilesSent:
        limit = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        raise ProblemError(
            413, f"The form has more than {limit} files, the limit; put them into one zip file."
        ) from None
    except MultiPartParserError as error:
        raise ProblemError(400, f"The form could not be read: {error}.") from None
    if sum(map(len, fields.values())) > _FIELDS_LENGTH:
        raise ProblemError(413, f"The form's fields are over {_FIELDS_LENGTH:,} letters, the limit; send files.")
    return fields, [intake.Upload(file.name or "upload", file.read()) for file in files]


def _drafts(name: str, files: Sequence[intake.Upload]) -> list[Draft]:
    service = catalog.get(name)
    if not uploads.accepts_files(service):
        raise ProblemError(422, f"{name} takes no files; send its items as JSON.")
    try:
        return uploads.read(service, files)
    except intake.IntakeTooLargeError as error:
        raise ProblemError(413, error.message) from None
    except intake.IntakeError as error:
        raise ProblemError(422, error.message) from None
