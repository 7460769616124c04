"""HTTP events, which Zappa answers with Django; the only thing that it is asked for."""

from __future__ import annotations

import json
from typing import Any

from foundry.aws.events import Context, Http
from foundry.aws.stand_in import import_without_boto3

_Handler = import_without_boto3("zappa.handler").LambdaHandler

#: Lambda passes on no longer answer. A character takes up to six bytes on the way there, as \\u0000 does.
_MOST_BYTES = 6 * 1024 * 1024


def start() -> None:
    """Start Django, which Zappa does when its handler is made, and load what the first request would have to load."""
    _Handler()
    from django.urls import reverse

    from foundry import catalog

    reverse("api-v1:openapi-view")
    catalog.services()


def answer(asked: Http, context: Context) -> dict[str, Any]:
    """What the API or a page answers: status, headers, body."""
    answered = _that_fits(_Handler.lambda_handler(_with_host(asked.event), context))
    if "headers" not in asked.event:  # who sends no headers gets none, as Zappa does it
        answered.pop("headers", None)
    return answered


def _with_host(event: dict[str, Any]) -> dict[str, Any]:
    """An invoke without HTTP names no host; without one, Zappa would put the stage before every address."""
    if event["requestContext"]:
        return event
    headers = {name.title(): value for name, value in event.get("headers", {}).items()}
    return event | {"headers": {"Host": "zappa"} | headers}


def _that_fits(answered: dict[str, Any]) -> dict[str, Any]:
    """The answer, or a problem in its place where Lambda would fail with it."""
    if len(answered.get("body") or "") < _MOST_BYTES / 6 or len(json.dumps(answered)) < _MOST_BYTES:
        return answered
    from foundry.api.problems import ProblemError  # needs Django to have started

    problem = ProblemError(413, _TOO_LARGE).response()
    return {"statusCode": 413, "headers": dict(problem.items()), "body": problem.text, "isBase64Encoded": False}


_TOO_LARGE = (
    "The answer is over 6 MB, the most that a Lambda function can return. Take results in pages (format=json and "
    "limit), or only some (state)."
)
