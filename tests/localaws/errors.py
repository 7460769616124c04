"""Errors as AWS's Lambda API tells them."""

from __future__ import annotations

import json
from typing import Any

from werkzeug import Response


class AwsError(Exception):
    """An error answer of the Lambda API: HTTP status, exception name, message, further fields of the body."""

    def __init__(self, status: int, name: str, message: str, fields: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.name, self.message, self.fields = status, name, message, fields or {}

    def response(self) -> Response:
        body = json.dumps({**self.fields, "message": self.message, "Message": self.message})
        headers = {"x-amzn-ErrorType": self.name}
        return Response(body, self.status, headers, content_type="application/json")


class Throttled(AwsError):  # noqa: N818
    """No environment for this invocation now; `reason` is AWS's word for the limit that was met."""

    def __init__(self, reason: str) -> None:
        super().__init__(429, "TooManyRequestsException", "Rate Exceeded.", {"Reason": reason, "Type": "User"})
        self.reason = reason


RESERVED_LIMIT = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_LIMIT = "ConcurrentInvocationLimitExceeded"
CALLER_LIMIT = "CallerRateLimitExceeded"
