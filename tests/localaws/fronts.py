"""The HTTP front: what API Gateway does between a browser and a function.

`Fronts.open` gives a function an address of its own (as a custom domain does). Under /_aws/execute-api/ID/STAGE/ a
REST API that was deployed on moto answers as at its own address. Browsers come over plain HTTP and the function is
told HTTPS, so the front turns back what only HTTPS can have: `Secure` cookies and redirects to https.
"""

from __future__ import annotations

import json
import queue
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from moto.apigateway.models import apigateway_backends
from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, make_server

from tests.localaws import gateway, versions
from tests.localaws.client import ACCOUNT
from tests.localaws.environment import Outcome
from tests.localaws.errors import AwsError, Throttled
from tests.localaws.gateway import BadAnswer, Front
from tests.localaws.handler import QuietHandler
from tests.localaws.invoker import Invocation, Invoker
from tests.localaws.versions import Target

#: How long API Gateway waits for a function, in seconds.
TIMEOUT = {"1.0": 29.0, "2.0": 30.0}
_EXECUTE_API = re.compile(r"/_aws/execute-api/(?P<api>\w+)/(?P<stage>[\w-]+)(?P<path>/.*)?")
_FUNCTION = re.compile(r"/functions/(?P<arn>arn:[^/]+)/invocations")


@dataclass(frozen=True)
class _Refusals:
    """What each kind of API answers when the function cannot: (status, message)."""

    too_large: tuple[int, str]
    throttled: tuple[int, str]
    failed: tuple[int, str]
    late: tuple[int, str]


_REFUSALS = {
    "1.0": _Refusals(
        too_large=(413, "Request Too Long"),
        throttled=(500, "Internal server error"),
        failed=(502, "Internal server error"),
        late=(504, "Endpoint request timed out"),
    ),
    "2.0": _Refusals(
        too_large=(413, "Request Entity Too Large"),
        throttled=(503, "Service Unavailable"),
        failed=(500, "Internal Server Error"),
        late=(503, "Service Unavailable"),
    ),
}


class Fronts:
    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker
        self._servers: list[BaseWSGIServer] = []

    def open(self, function: str, stage: str, version: str, port: int, region: str) -> str:
        """A loopback URL, as "http://127.0.0.1:8001", whose requests become events of `function`."""

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            request = Request(environ)
            front = Front("localfront", stage, version, domain=request.host)
            return self._answer(request, _sent_path(request), front, region, lambda: function)(environ, start_response)

        server = make_server("127.0.0.1", port, application, threaded=True, request_handler=QuietHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    def answer(self, request: Request) -> Response | None:
        """None for what is not under /_aws/execute-api/."""
        route = _EXECUTE_API.fullmatch(_sent_path(request))
        if route is None:
            return None
        found = _rest_api(route["api"])
        if found is None or route["stage"] not in found[1].stages:
            return _message(403, "Forbidden")
        region, api = found
        front = Front(route["api"], route["stage"], "1.0")
        return self._answer(request, route["path"] or "/", front, region, lambda: _integrated(api, request.method))

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _answer(self, request: Request, path: str, front: Front, region: str, function: Callable[[], str]) -> Response:
        refusals = _REFUSALS[front.version]
        body = request.get_data()
        if len(body) > gateway.REQUEST_LIMIT:
            return _message(*refusals.too_large)
        payload = json.dumps(gateway.event(request, path, body, front, region)).encode()
        try:
            target = versions.find(ACCOUNT, region, function())
            outcome = self._call(target, payload, TIMEOUT[front.version])
        except Throttled:
            return _message(*refusals.throttled)
        except AwsError:
            return _message(*refusals.failed)
        if outcome is None:
            return _message(*refusals.late)
        if outcome.error_type:
            return _message(*refusals.failed)
        try:
            return _plain(gateway.response(outcome.payload, front.version))
        except BadAnswer:
            return _message(*refusals.failed)

    def _call(self, target: Target, payload: bytes, seconds: float) -> Outcome | None:
        """None if it took too long; the function goes on then, as on AWS. Raises AwsError."""
        answers: queue.SimpleQueue[Outcome | AwsError] = queue.SimpleQueue()

        def call() -> None:
            try:
                answers.put(self._invoker.call(Invocation.new(target, payload, how="http"), wait=True))
            except AwsError as error:
                answers.put(error)

        threading.Thread(target=call, daemon=True).start()
        try:
            answer = answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(answer, AwsError):
            raise answer
        return answer


def _sent_path(request: Request) -> str:
    """The path as the client sent it, percent-encoded."""
    return str(request.environ["REQUEST_URI"]).partition("?")[0]


def _rest_api(api_id: str) -> tuple[str, Any] | None:
    """The region and moto's REST API of that id."""
    for region, backend in apigateway_backends[ACCOUNT].items():
        if api_id in backend.apis:
            return region, backend.apis[api_id]
    return None


def _integrated(api: Any, method: str) -> str:
    """The ARN of the function behind the API's proxy resource. Raises AwsError."""
    for resource in sorted(api.resources.values(), key=lambda resource: "{proxy+}" not in resource.get_path()):
        found = resource.resource_methods.get(method) or resource.resource_methods.get("ANY")
        integration = found and found.method_integration
        match = _FUNCTION.search(integration.uri if integration and integration.uri else "")
        if match:
            return match["arn"]
    raise AwsError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")


def _plain(response: Response) -> Response:
    """For a client that came over plain HTTP."""
    cookies = response.headers.getlist("Set-Cookie")
    if cookies:
        response.headers.setlist("Set-Cookie", [re.sub(r";\s*secure", "", c, flags=re.IGNORECASE) for c in cookies])
    location = response.headers.get("Location", "")
    if location.startswith("https://127.0.0.1:"):
        response.headers["Location"] = location.replace("https://", "http://", 1)
    return response


def _message(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status, content_type="application/json")
