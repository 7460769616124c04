"""Invocations that come from moto's other services: SNS, S3, SQS, log subscriptions and the like."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction

from tests.localaws import versions
from tests.localaws.errors import AwsError
from tests.localaws.invoker import Invocation
from tests.localaws.lambda_api import LambdaApi


def connect(api: LambdaApi) -> None:
    """In the place of moto's way, which wants Docker."""

    def invoke_event(self: LambdaFunction, body: str, request_headers: Any, response_headers: Any) -> bytes:
        """SNS, S3, DynamoDB, logs: asynchronously."""
        number = None if self.version == versions.LATEST else str(self.version)
        target = versions.find(self.account_id, self.region, self.function_name, number)
        api.invoke(target, body.encode(), how="event source")
        return b"{}"

    def invoke_batch(
        self: LambdaBackend, function_name: str, qualifier: str | None, body: str, headers: Any, response_headers: Any
    ) -> bytes:
        """SQS: synchronously; moto keeps the message if the function fails."""
        target = versions.find(self.account_id, self.region_name, function_name, qualifier)
        invocation = Invocation.new(target, body.encode(), how="event source")
        try:
            outcome = api.invoker.call(invocation, wait=True)
        except AwsError:
            response_headers["x-amz-function-error"] = "Throttled"
            return b"{}"
        if outcome.error_type:
            response_headers["x-amz-function-error"] = "Unhandled"
        return outcome.payload

    LambdaFunction.invoke = invoke_event  # type: ignore[method-assign]
    LambdaBackend.invoke = invoke_batch  # type: ignore[method-assign]
