"""Whether what is deployed works: a real request to each service, to its results."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from deploy import stages
from deploy.errors import DeployError
from deploy.function import Function
from deploy.stages import Stage
from foundry.contract import Service

_POLL_S = 1.0
_ENDED = frozenset({"succeeded", "partial", "failed", "cancelled"})


def run(stage: Stage, *, timeout_s: float) -> Iterator[str]:
    """Submit the first example of each service that the stage's function computes, or of all to the API's function.

    A line for each with a result. Raises DeployError for the first that has none.
    """
    api = Function(stages.get(stage.api))
    services = stages.services().values() if stage.name == stage.api else stages.computed_by(stage)
    for service in services:
        started = time.monotonic()
        request = _wait(api, _submit(api, service), started + timeout_s)
        _require_success(api, request)
        releases = ", ".join(request["releases"])
        yield f"{service.name}: {request['items']['total']} items in {time.monotonic() - started:.1f} s on {releases}"


def _submit(api: Function, service: Service) -> str:
    """The path of the accepted request."""
    example = service.examples[0]
    event = {"service": service.name, "items": list(example.items), "options": dict(example.options)}
    # A label, so that people can tell it; a key, so that it is computed once even if AWS repeats the event.
    accepted = api.invoke(event | {"label": "smoke test", "idempotency_key": str(uuid.uuid4())})
    if accepted.get("status") != 202:
        raise DeployError(f"{service.name} did not accept its example: {accepted.get('detail', accepted)}")
    return str(accepted["links"]["self"])


def _wait(api: Function, path: str, until: float) -> dict[str, Any]:
    while (request := _get(api, path))["state"] not in _ENDED:
        if time.monotonic() > until:
            raise DeployError(f"{request['service']}: the request {request['id']} is still {request['state']}.")
        time.sleep(_POLL_S)
    return request


def _require_success(api: Function, request: dict[str, Any]) -> None:
    if request["state"] == "succeeded":
        return
    results = _get(api, f"/api/v1/requests/{request['id']}/results")["results"]
    errors = "; ".join(str(result["error"]["message"]) for result in results if result["error"])
    raise DeployError(f"{request['service']}: the request {request['id']} is {request['state']}. {errors}")


def _get(api: Function, path: str) -> dict[str, Any]:
    answer = api.invoke({"httpMethod": "GET", "path": path, "requestContext": {}, "headers": {}})
    if answer["statusCode"] != 200:
        raise DeployError(f"{path}: {answer['statusCode']} {answer.get('body', '')}")
    found: dict[str, Any] = json.loads(answer["body"])
    return found
