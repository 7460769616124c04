"""A service request without HTTP around it is one to the API all the same."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from foundry.aws import http
from foundry.aws.events import Context, Http, Submission

_SHOWN = ("id", "service", "version", "label", "state", "items", "refused")


class UnavailableError(Exception):
    """The request could not be accepted for a reason that is not its own; it may be sent again."""


def submit(asked: Submission, context: Context) -> dict[str, Any]:
    """The request with its `status` 202, or a problem document with its `status` of 400 or more.

    The status tells them apart. What is no fault of the caller's raises UnavailableError, so that the invocation has
    failed and, if it was asynchronous, is not taken for done.
    """
    body = {name: value for name, value in asked.values.items() if name != "idempotency_key"}
    headers = {"Content-Type": "application/json"}
    if (key := asked.values.get("idempotency_key")) is not None:
        headers["Idempotency-Key"] = key if isinstance(key, str) else ""
    event = {
        "httpMethod": "POST",
        "path": "/api/v1/requests",
        "headers": headers,
        "body": json.dumps(body),
        "requestContext": {},
    }
    answered = http.answer(Http(event), context)
    status, said = answered["statusCode"], json.loads(answered["body"])
    if status >= 500:
        raise UnavailableError(said["detail"])
    return said if status >= 400 else _shown(said, answered["headers"])


def _shown(said: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    """The request, with links as the paths of HTTP events."""
    return {
        "status": 202,
        **{name: said[name] for name in _SHOWN},
        "links": {name: urlsplit(url).path for name, url in said["links"].items()},
        "replayed": "Idempotent-Replayed" in headers,
    }
