"""Where the end of an asynchronous event is told: destinations and the dead letter queue."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3

from tests.localaws import versions
from tests.localaws.environment import Outcome
from tests.localaws.event_config import EventConfig
from tests.localaws.invoker import Invocation

#: How much of an error's message a dead letter carries.
_MESSAGE_CHARACTERS = 1024


class Destinations:
    """Sends through the server's own API, so that whatever moto ties to a queue or topic happens."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def tell(
        self, config: EventConfig, invocation: Invocation, outcome: Outcome | None, condition: str, attempts: int
    ) -> list[str]:
        """The ARNs of the queues and topics that were told."""
        arn = config.on_success if condition == "Success" else config.on_failure
        told = []
        if arn:
            self._send(arn, json.dumps(_record(invocation, outcome, condition, attempts)), {})
            told.append(arn)
        dead_letter = versions.dead_letter_arn(invocation.target.version)
        if dead_letter and condition != "Success":
            self._send(dead_letter, invocation.payload.decode(), _attributes(invocation, outcome, condition))
            told.append(dead_letter)
        return told

    def _send(self, arn: str, body: str, attributes: dict[str, Any]) -> None:
        _, _, service, region, account, name = arn.split(":", 5)
        client = self._client(service, region)
        send: dict[str, Callable[[], object]] = {
            "sqs": lambda: client.send_message(
                QueueUrl=f"{self._endpoint}/{account}/{name}", MessageBody=body, MessageAttributes=attributes
            ),
            "sns": lambda: client.publish(TopicArn=arn, Message=body, MessageAttributes=attributes),
            "lambda": lambda: client.invoke(FunctionName=arn, InvocationType="Event", Payload=body),
        }
        send[service]()

    @functools.cache  # noqa: B019
    def _client(self, service: str, region: str) -> Any:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, endpoint_url=self._endpoint, region_name=region, **keys)


def _record(invocation: Invocation, outcome: Outcome | None, condition: str, attempts: int) -> dict[str, Any]:
    """An invocation record, as AWS documents it."""
    version = invocation.target.version
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": now,
        "requestContext": {
            "requestId": invocation.id,
            "functionArn": f"{version.arn}:{invocation.target.qualifier or version.number}",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(invocation.payload or b"null"),
    }
    if outcome is not None:
        record["responseContext"] = {"statusCode": 200, "executedVersion": version.number}
        record["responsePayload"] = json.loads(outcome.payload or b"null")
        if outcome.error_type:
            record["responseContext"]["functionError"] = "Unhandled"
    return record


def _attributes(invocation: Invocation, outcome: Outcome | None, condition: str) -> dict[str, Any]:
    message = json.loads(outcome.payload).get("errorMessage") if outcome and outcome.error_type else condition
    return {
        "RequestID": {"DataType": "String", "StringValue": invocation.id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200" if outcome else "429"},
        "ErrorMessage": {"DataType": "String", "StringValue": (message or condition)[:_MESSAGE_CHARACTERS]},
    }
