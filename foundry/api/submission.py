"""Reads a submission from an HTTP request: items as JSON, or files in a multipart form."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from foundry import catalog, intake
from foundry.api.problems import ProblemError
from foundry.api.schemas import SubmitFormIn, SubmitIn
from foundry.core.drafts import Draft
from foundry.core.submit import Submission

#: Decompressed bytes of an upload, as a multiple of the largest body: sequences pack to a quarter.
_UNPACKED = 8
_KEY_LENGTH = 255


def read(request: HttpRequest) -> Submission:
    """The submission in the request's body. Raises ProblemError 400, 413, 415 or 422."""
    key = _idempotency_key(request)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise ProblemError(415, "Compressed bodies are not taken; upload a zip file in a form instead.")
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
    try:
        body = SubmitIn.model_validate_json(request.body)
    except ValidationError as error:
        raise _does_not_fit(error) from None
    return Submission(
        service=body.service,
        items=[Draft(values=item) for item in body.items],
        options=body.options,
        defaults=body.defaults,
        label=body.label,
        priority=body.priority,
        idempotency_key=key,
    )


def _from_form(request: HttpRequest, key: str | None) -> Submission:
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
    try:
        form = SubmitFormIn.model_validate(fields)
    except ValidationError as error:
        raise _does_not_fit(error) from None
    uploads = [intake.Upload(file.name or "upload", file.read()) for file in files]
    return Submission(
        service=form.service,
        items=_drafts(form.service, uploads),
        options=form.options,
        defaults=form.defaults,
        label=form.label,
        priority=form.priority,
        idempotency_key=key,
    )


def _drafts(service: str, uploads: Sequence[intake.Upload]) -> list[Draft]:
    limit = catalog.get(service).limits.items
    try:
        records = intake.read(uploads, max_items=limit, max_bytes=_UNPACKED * settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except intake.IntakeTooLargeError as error:
        raise ProblemError(413, error.message) from None
    except intake.IntakeError as error:
        raise ProblemError(422, error.message) from None
    return [
        Draft(
            values=record.values,
            source=dataclasses.asdict(record.source),
            error=record.error,
            place=str(record.source),
            locate=record.locate,
        )
        for record in records
    ]


def _does_not_fit(error: ValidationError) -> ProblemError:
    faults = error.errors(include_url=False, include_input=False)
    if faults[0]["type"] == "json_invalid" and not faults[0]["loc"]:
        return ProblemError(400, f"The body is not JSON: {faults[0]['ctx']['error']}.")
    return ProblemError(422, "The body does not fit; see `errors`.", [_fault(fault) for fault in faults])


def _fault(fault: ErrorDetails) -> dict[str, Any]:
    return {"where": ".".join(map(str, fault["loc"])), "message": fault["msg"]}
