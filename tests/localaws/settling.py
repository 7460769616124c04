"""The moments in which AWS changes a function: it says so, and refuses to change or publish it meanwhile."""

from __future__ import annotations

import time
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction, LambdaStorage
from moto.awslambda.responses import LambdaResponse

from tests.localaws.errors import AwsError

_REFUSED = "The operation cannot be performed at this time."


def begin(seconds: float) -> None:
    """From now on each change takes so long; so does the start of a function or a version in a VPC."""
    _wrap(LambdaFunction, "update_configuration", lambda made: _updating(made, seconds))
    _wrap(LambdaFunction, "update_function_code", lambda made: _updating(made, seconds))
    _wrap(LambdaFunction, "__init__", lambda made: _starting(made, seconds))
    _wrap(LambdaStorage, "publish_version", lambda made: _publishing(made, seconds))
    _wrap(LambdaFunction, "get_configuration", _telling)
    for operation in ("update_function_code", "update_function_configuration", "publish_version"):
        _wrap(LambdaResponse, operation, _guarded)


def require_active(function: LambdaFunction) -> None:
    """Raises AwsError while the function or version is not there yet."""
    if _state(function) == "Pending":
        message = f"{_REFUSED} The function is currently in the following state: Pending"
        raise AwsError(409, "ResourceConflictException", message, {"Type": "User"})


def _wrap(owner: type, name: str, make: Any) -> None:
    setattr(owner, name, make(getattr(owner, name)))


def _updating(original: Any, seconds: float) -> Any:
    def update(self: Any, changes: dict[str, Any]) -> Any:
        original(self, changes)
        self.updated_at = time.monotonic() + seconds
        return self.get_configuration()

    return update


def _starting(original: Any, seconds: float) -> Any:
    def init(self: Any, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        self.active_at = time.monotonic() + seconds

    return init


def _publishing(original: Any, seconds: float) -> Any:
    def publish(self: LambdaStorage, name_or_arn: str, description: str = "") -> Any:
        before = {version.version for version in self.list_versions_by_function(name_or_arn.split(":")[0])}
        fresh = original(self, name_or_arn, description)
        if fresh.version not in before:
            fresh.active_at = time.monotonic() + seconds
        fresh.updated_at = 0.0
        return fresh

    return publish


def _telling(original: Any) -> Any:
    def configuration(self: Any, *given: Any, **named: Any) -> dict[str, Any]:
        told: dict[str, Any] = original(self, *given, **named)
        told["State"] = _state(self)
        if "LastUpdateStatus" in told and _updates(self):
            told["LastUpdateStatus"] = "InProgress"
        return told

    return configuration


def _guarded(original: Any) -> Any:
    def respond(self: LambdaResponse) -> Any:
        function: Any = self.backend.get_function(self.path.split("/functions/")[1].split("/")[0])
        if _state(function) == "Pending":
            raise _conflict(f"{_REFUSED} The function is currently in the following state: Pending")
        if _updates(function):
            raise _conflict(f"{_REFUSED} An update is in progress for resource: {function.function_arn}")
        return original(self)

    return respond


class _ResourceConflictError(LambdaClientError):
    code = 409


def _conflict(message: str) -> _ResourceConflictError:
    return _ResourceConflictError("ResourceConflictException", message)


def _state(function: Any) -> str:
    waits = (function.vpc_config or {}).get("SubnetIds") and time.monotonic() < getattr(function, "active_at", 0.0)
    return "Pending" if waits else "Active"


def _updates(function: Any) -> bool:
    return time.monotonic() < getattr(function, "updated_at", 0.0)
