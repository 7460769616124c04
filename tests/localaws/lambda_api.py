"""The part of Lambda's HTTP API that moto has not, or not as AWS: invocations and what is told about them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.awslambda.models import lambda_backends
from werkzeug import Request, Response

from tests.localaws import lineage, report, versions
from tests.localaws.asynchronous import EventQueue
from tests.localaws.client import ACCOUNT
from tests.localaws.environment import Outcome
from tests.localaws.errors import AwsError
from tests.localaws.event_config import EventConfigs
from tests.localaws.invoker import Invocation, Invoker
from tests.localaws.versions import Target

SYNC_LIMIT = 6 * 1024 * 1024
ASYNC_LIMIT = 1024 * 1024

_ROUTE = re.compile(r"/\d{4}-\d\d-\d\d/functions/(?P<name>[^/]+)/(?P<what>[\w/-]+?)/?")
_ACCOUNT = re.compile(r"/\d{4}-\d\d-\d\d/account-settings/?")
_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/(?P<region>[\w-]+)/lambda/")


@dataclass
class LambdaApi:
    invoker: Invoker
    queue: EventQueue
    configs: EventConfigs
    #: How many functions may run at once in the account.
    quota: int

    def answer(self, request: Request) -> Response | None:
        """None for what is moto's."""
        route = _ROUTE.fullmatch(request.path)
        signed = _CREDENTIAL.search(request.headers.get("Authorization", ""))
        if signed and _ACCOUNT.fullmatch(request.path):
            return self._settings(signed["region"])
        handle = self._handler(request.method, route["what"]) if route else None
        if route is None or signed is None or handle is None:
            return None
        try:
            qualifier = request.args.get("Qualifier")
            answered = handle(request, versions.find(ACCOUNT, signed["region"], route["name"], qualifier))
        except AwsError as error:
            answered = error.response()
        answered.headers.setdefault("x-amzn-RequestId", str(uuid.uuid4()))
        return answered

    def invoke(self, target: Target, payload: bytes, how: str = "event", trace: str = "") -> None:
        """Asynchronously. Raises AwsError."""
        self.queue.put(Invocation.new(target, payload, trace, how))

    def _handler(self, method: str, what: str) -> Callable[[Request, Target], Response] | None:
        handlers: dict[tuple[str, str], Callable[[Request, Target], Response]] = {
            ("POST", "invocations"): self._invoke,
            ("POST", "invoke-async"): self._invoke_async,
            ("PUT", "event-invoke-config"): lambda r, t: _json(self.configs.put(t, _body(r))),
            ("POST", "event-invoke-config"): lambda r, t: _json(self.configs.update(t, _body(r))),
            ("GET", "event-invoke-config"): lambda r, t: _json(self.configs.get(t)),
            ("DELETE", "event-invoke-config"): self._delete_config,
            ("GET", "event-invoke-config/list"): self._list_configs,
            ("PUT", "recursion-config"): self._put_recursion,
            ("GET", "recursion-config"): self._get_recursion,
            ("GET", "urls"): self._list_urls,
        }
        return handlers.get((method, what))

    def _settings(self, region: str) -> Response:
        functions = lambda_backends[ACCOUNT][region].list_functions()
        reserved = sum(int(function.reserved_concurrency or 0) for function in functions)
        limit = {"ConcurrentExecutions": self.quota, "UnreservedConcurrentExecutions": self.quota - reserved}
        return _json({"AccountLimit": limit, "AccountUsage": {"FunctionCount": len(functions)}})

    def _invoke(self, request: Request, target: Target) -> Response:
        versions.require_active(target)
        how = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        payload = _payload(request, ASYNC_LIMIT if how == "Event" else SYNC_LIMIT, how)
        if how == "DryRun":
            return Response(status=204)
        invocation = Invocation.new(target, payload, request.headers.get("X-Amzn-Trace-Id", ""))
        if how == "Event":
            self.queue.put(_as_event(invocation))
            return _accepted(invocation)
        self._stop_loop(invocation)
        outcome = self.invoker.call(invocation, wait=True)
        return _answered(invocation, outcome, log=request.headers.get("X-Amz-Log-Type") == "Tail")

    def _invoke_async(self, request: Request, target: Target) -> Response:
        """The deprecated way."""
        self.invoke(target, _payload(request, ASYNC_LIMIT, "Event"), trace=request.headers.get("X-Amzn-Trace-Id", ""))
        return _json({"Status": 202}, 202)

    def _stop_loop(self, invocation: Invocation) -> None:
        version = invocation.target.version
        if self.configs.stops_loops(version) and lineage.is_loop(invocation.trace, version):
            message = (
                f"Lambda detected the function {version.function} being invoked in a recursive loop and stopped it."
            )
            raise AwsError(400, "RecursiveInvocationException", message, {"Type": "User"})

    def _delete_config(self, request: Request, target: Target) -> Response:
        self.configs.delete(target)
        return Response(status=204)

    def _list_configs(self, request: Request, target: Target) -> Response:
        return _json({"FunctionEventInvokeConfigs": self.configs.all(target.version)})

    def _put_recursion(self, request: Request, target: Target) -> Response:
        chosen = _body(request).get("RecursiveLoop")
        if chosen not in ("Allow", "Terminate"):
            raise AwsError(400, "InvalidParameterValueException", "RecursiveLoop is Allow or Terminate.")
        self.configs.allow_loops(target.version, allowed=chosen == "Allow")
        return self._get_recursion(request, target)

    def _get_recursion(self, request: Request, target: Target) -> Response:
        return _json({"RecursiveLoop": "Terminate" if self.configs.stops_loops(target.version) else "Allow"})

    def _list_urls(self, request: Request, target: Target) -> Response:
        version = target.version
        config = lambda_backends[version.account][version.region].get_function(version.function).url_config
        return _json({"FunctionUrlConfigs": [config.to_dict()] if config else []})


def _payload(request: Request, limit: int, how: str) -> bytes:
    payload = request.get_data()
    if len(payload) > limit:
        message = f"{len(payload)} byte payload is too large for the {how} invocation type (limit {limit} bytes)"
        raise AwsError(413, "RequestTooLargeException", message, {"Type": "User"})
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise AwsError(400, "InvalidRequestContentException", message, {"Type": "User"}) from None
    return payload or b"{}"


def _body(request: Request) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(request.get_data() or b"{}")
    return told


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _as_event(invocation: Invocation) -> Invocation:
    return Invocation(invocation.id, invocation.target, invocation.payload, invocation.trace, "event")


def _accepted(invocation: Invocation) -> Response:
    return Response(status=202, headers={"x-amzn-RequestId": invocation.id, "X-Amzn-Trace-Id": invocation.trace})


def _answered(invocation: Invocation, outcome: Outcome, *, log: bool) -> Response:
    headers = {
        "x-amzn-RequestId": invocation.id,
        "X-Amz-Executed-Version": invocation.target.version.number,
        "X-Amzn-Trace-Id": invocation.trace,
    }
    if outcome.error_type:
        headers["X-Amz-Function-Error"] = "Unhandled"
    if log:
        headers["X-Amz-Log-Result"] = report.tail(outcome.log)
    return Response(outcome.payload, 200, headers, content_type="application/json")
