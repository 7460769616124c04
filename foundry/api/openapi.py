"""What OpenAPI says of a submission, whose body is read by hand: see `foundry.api.submission`."""

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
