"""What OpenAPI says of a submission, whose body is read by hand (see `foundry.api.submission`), and of files."""

from __future__ import annotations

from typing import Any

from foundry.api.schemas import SubmitFormIn, SubmitIn

_FORM = SubmitFormIn.model_json_schema()
_FILES = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "description": "FASTA, GenBank, SnapGene or CSV, plain, gzipped or in a zip.",
}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same submission under the same key is accepted once.",
}

SUBMISSION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SubmitIn.model_json_schema()},
            "multipart/form-data": {"schema": _FORM | {"properties": _FORM["properties"] | {"files": _FILES}}},
        },
    },
    "parameters": [_IDEMPOTENCY_KEY],
}


_OF_LARGE_FILES = {
    303: (
        "On AWS, a file of more than 6 MB: it is at `Location` for some minutes. The link carries its own right; send "
        "no token along."
    ),
    413: "On AWS, a file of more than 6 MB: its request still runs, or the platform has no bucket for large files.",
    503: (
        "On AWS, a file of more than 6 MB: it is being made, and `errors` has the code `file_being_made`. Ask again "
        "after `Retry-After` seconds, as often as it takes; that does not start it anew."
    ),
}


def file_responses(content: dict[str, Any]) -> dict[str, Any]:
    """How an address answers that has files of those media types."""
    large = {status: {"description": description} for status, description in _OF_LARGE_FILES.items()}
    return {"responses": {200: {"description": "The file", "content": content}, **large}}
