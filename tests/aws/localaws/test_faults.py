"""Faults on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.aws.localaws.conftest import Function
from tests.localaws import LocalAws

Deploy = Callable[..., Function]

OK = "def handle(event, context): return event"
SLOW = "import time\ndef handle(event, context): time.sleep(0.5)"


def test_a_share_of_events_is_dropped_the_same_by_the_same_seed(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(OK)
    kept = []
    for _ in range(2):
        aws.faults(drop=0.5, seed=11)
        before = len(function.journal())
        sent = [function.send(number) for number in range(40)]
        aws.settle()
        ran = {entry["request_id"] for entry in function.journal()[before:]}
        kept.append([request_id in ran for request_id in sent])

    assert 5 < sum(kept[0]) < 35
    assert kept[0] == kept[1]


def test_events_are_delivered_twice(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(OK)
    aws.faults(duplicate=1)
    request_id = function.send()
    aws.settle()

    assert [entry["request_id"] for entry in function.journal()] == [request_id] * 2


def test_invocations_are_killed(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(SLOW)
    aws.faults(kill=1, kill_seconds=0.3, seed=1)

    answer = function.invoke()

    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert "signal: killed" in answer["Payload"]["errorMessage"]
    aws.faults()
    assert "FunctionError" not in function.invoke()


def test_invocations_are_delayed(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy("import time\ndef handle(event, context): return time.time()")
    aws.faults(delay=1, delay_seconds=1, seed=3)

    times = [function() for _ in range(4)]

    assert times[-1] - times[0] > 0.5


def test_invocations_are_throttled_and_events_run_later(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(OK)
    once = aws.client("lambda", config=Config(retries={"max_attempts": 0}))
    aws.faults(throttle=1)
    with pytest.raises(ClientError) as error:
        once.invoke(FunctionName=function.name)
    assert error.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429

    aws.faults(throttle=0.4, seed=5)
    sent = {function.send(number) for number in range(30)}
    aws.settle()
    entries: list[dict[str, Any]] = function.journal()
    assert {entry["request_id"] for entry in entries} == sent
