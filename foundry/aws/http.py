"""HTTP events, which Zappa answers with Django; the only thing that it is asked for."""

from __future__ import annotations

import faulthandler
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from foundry.aws import limits
from foundry.aws.events import Context, Http
from foundry.aws.stand_in import import_without_boto3

_Handler = import_without_boto3("zappa.handler").LambdaHandler


def start() -> None:
    """Start Django, which Zappa does when its handler is made, and load what the first request would have to load."""
    _Handler()
    from django.urls import reverse

    from foundry import catalog

    reverse("api-v1:openapi-view")
    catalog.services()


def answer(asked: Http, context: Context) -> dict[str, Any]:
    """What the API or a page answers: status, headers, body."""
    with _ending_with_its_front(asked.event):
        answered = _that_fits(_Handler.lambda_handler(_with_host(asked.event), context))
    if "headers" not in asked.event:  # who sends no headers gets none, as Zappa does it
        answered.pop("headers", None)
    return answered


@contextmanager
def _ending_with_its_front(event: dict[str, Any]) -> Iterator[None]:
    """When its front has given up waiting, the process ends and the log has what it was at.

    The function itself may go on for longer, for other events.
    """
    if event["requestContext"]:
        faulthandler.dump_traceback_later(limits.FRONT_S, exit=True, file=sys.__stderr__ or sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _with_host(event: dict[str, Any]) -> dict[str, Any]:
    """An invoke without HTTP names no host; without one, Zappa would put the stage before every address."""
    if event["requestContext"]:
        return event
    headers = {name.title(): value for name, value in event.get("headers", {}).items()}
    return event | {"headers": {"Host": "zappa"} | headers}


def _that_fits(answered: dict[str, Any]) -> dict[str, Any]:
    """The answer, or a problem in its place where Lambda would fail with it."""
    if len(answered.get("body") or "") < limits.ANSWER_BYTES / 6 or len(json.dumps(answered)) < limits.ANSWER_BYTES:
        return answered
    from django.conf import settings  # which needs Django to have started

    from foundry.api.problems import ProblemError

    detail = _TOO_LARGE if settings.FOUNDRY_ARTIFACT_BUCKET else f"{_TOO_LARGE} {_NO_BUCKET}"
    problem = ProblemError(413, detail).response()
    return {"statusCode": 413, "headers": dict(problem.items()), "body": problem.text, "isBase64Encoded": False}


_TOO_LARGE = (
    "The answer is over 6 MB, the most that a Lambda function can return. Take results in pages (format=json and "
    "limit), or only some (state)."
)
_NO_BUCKET = "For files of any size, this platform's operators set FOUNDRY_ARTIFACT_BUCKET."
