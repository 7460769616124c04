"""Asynchronous events: accepted, retried, given up, told about."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.localaws.conftest import Function, package
from tests.localaws import LocalAws

Deploy = Callable[..., Function]

FAIL = "def handle(event, context): raise ValueError(event)"
OK = "def handle(event, context): return ['done', event]"


@pytest.fixture
def inbox(aws: LocalAws) -> Any:
    """A queue: its ARN, and the messages in it."""
    client = aws.client("sqs")
    url = client.create_queue(QueueName=f"inbox-{time.monotonic_ns()}")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def messages() -> list[dict[str, Any]]:
        told = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(told.get("Messages", []))

    return arn, messages


def configure(function: Function, **config: Any) -> None:
    function.client.put_function_event_invoke_config(FunctionName=function.name, **config)


def test_an_event_is_accepted_before_it_runs(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy("import time\ndef handle(event, context): time.sleep(1)")
    begun = time.monotonic()
    answer = function.invoke(InvocationType="Event")

    assert time.monotonic() - begun < 0.9
    assert answer["StatusCode"] == 202
    assert answer["Payload"] is None
    aws.settle()
    assert [entry["how"] for entry in function.journal()] == ["event"]


def test_a_failed_event_is_tried_twice_more_with_growing_pauses(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(FAIL)
    request_id = function.send("x")
    aws.settle()

    entries = function.journal()
    assert [entry["error"] for entry in entries] == ["ValueError"] * 3
    assert {entry["request_id"] for entry in entries} == {request_id}
    first, second = (later["at"] - earlier["at"] for earlier, later in itertools.pairwise(entries))
    assert 0.2 <= first < second
    assert second >= 0.4
    assert [entry["why"] for entry in function.journal("given up")] == ["RetriesExhausted"]


def test_an_event_that_then_succeeds_is_done(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(
        """
        tried = []
        def handle(event, context):
            tried.append(context.aws_request_id)
            if len(tried) < 2: raise ValueError
        """
    )
    function.send()
    aws.settle()

    assert [entry["error"] for entry in function.journal()] == ["ValueError", ""]
    assert function.journal("given up") == []


def test_retries_are_as_configured(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(FAIL)
    configure(function, MaximumRetryAttempts=0)
    function.send()
    aws.settle()

    assert len(function.journal()) == 1


def test_a_configuration_holds_for_its_qualifier_only(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(FAIL)
    function.client.publish_version(FunctionName=function.name)
    configure(function, MaximumRetryAttempts=0)
    function.send(Qualifier="1")
    aws.settle()
    assert len(function.journal()) == 3

    configure(function, Qualifier="1", MaximumRetryAttempts=1)
    function.send(Qualifier="1")
    aws.settle()
    assert len(function.journal()) == 5


def test_the_configuration_can_be_read_changed_and_removed(deploy: Deploy) -> None:
    function = deploy(OK)
    client, named = function.client, {"FunctionName": function.name}
    with pytest.raises(ClientError) as error:
        client.get_function_event_invoke_config(**named)
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"

    configure(function, MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)
    client.update_function_event_invoke_config(**named, MaximumEventAgeInSeconds=120)
    told = client.get_function_event_invoke_config(**named)
    assert (told["MaximumRetryAttempts"], told["MaximumEventAgeInSeconds"]) == (1, 120)
    assert told["FunctionArn"].endswith(f":{function.name}:$LATEST")
    configure(function, MaximumRetryAttempts=2)
    assert "MaximumEventAgeInSeconds" not in client.get_function_event_invoke_config(**named)
    assert len(client.list_function_event_invoke_configs(**named)["FunctionEventInvokeConfigs"]) == 1
    client.delete_function_event_invoke_config(**named)
    assert client.list_function_event_invoke_configs(**named)["FunctionEventInvokeConfigs"] == []


def test_a_failure_is_told_to_the_destination(aws: LocalAws, deploy: Deploy, inbox: Any) -> None:
    arn, messages = inbox
    function = deploy(FAIL)
    configure(function, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}})
    request_id = function.send({"job": 7})
    aws.settle()

    (message,) = messages()
    record = json.loads(message["Body"])
    assert record["version"] == "1.0"
    assert record["requestContext"]["requestId"] == request_id
    assert record["requestContext"]["functionArn"].endswith(f":{function.name}:$LATEST")
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestPayload"] == {"job": 7}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_success_is_told_to_its_destination(aws: LocalAws, deploy: Deploy, inbox: Any) -> None:
    arn, messages = inbox
    function = deploy(OK)
    configure(function, DestinationConfig={"OnSuccess": {"Destination": arn}})
    function.send(5)
    aws.settle()

    record = json.loads(messages()[0]["Body"])
    assert record["requestContext"]["condition"] == "Success"
    assert record["responsePayload"] == ["done", 5]


def test_a_failure_lands_in_the_dead_letter_queue(aws: LocalAws, deploy: Deploy, inbox: Any) -> None:
    arn, messages = inbox
    function = deploy(FAIL, DeadLetterConfig={"TargetArn": arn})
    request_id = function.send({"job": 7})
    aws.settle()

    (message,) = messages()
    assert json.loads(message["Body"]) == {"job": 7}
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "{'job': 7}"}


def test_a_destination_that_is_not_there_does_not_stop_the_queue(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(FAIL)
    missing = "arn:aws:sqs:us-east-1:123456789012:nothing"
    configure(function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": missing}})
    function.send()
    function.send()
    aws.settle()

    assert [entry["to"][0][:7] for entry in function.journal("given up")] == ["failed:"] * 2


def test_an_event_that_grew_too_old_is_given_up(aws: LocalAws, deploy: Deploy, inbox: Any) -> None:
    """The age of 60 s is 1.2 s here."""
    arn, messages = inbox
    function = deploy("import time\ndef handle(event, context): time.sleep(1.5)")
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    configure(function, MaximumEventAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": arn}})
    function.send("first")
    function.send("second")
    aws.settle()

    assert len(function.journal()) == 1
    record = json.loads(messages()[0]["Body"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert record["requestPayload"] == "second"


def test_throttled_events_are_all_run_in_the_end(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy("import time\ndef handle(event, context): time.sleep(0.05)")
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=2)
    sent = {function.send(number) for number in range(60)}
    aws.settle()

    entries = function.journal()
    assert {entry["request_id"] for entry in entries} == sent
    assert len(entries) == 60
    assert len({entry["environment"] for entry in entries}) <= 2


def test_a_flood_of_one_function_leaves_turns_for_another(aws: LocalAws, deploy: Deploy) -> None:
    flood, other = (deploy("import time\ndef handle(event, context): time.sleep(0.05)") for _ in range(2))
    for number in range(200):
        flood.send(number)
    other.send()
    while not other.journal():
        time.sleep(0.01)

    assert len(flood.journal()) < 150
    aws.settle()
    assert len(flood.journal()) == 200


def test_without_concurrency_events_fail_at_once(aws: LocalAws, deploy: Deploy, inbox: Any) -> None:
    arn, messages = inbox
    function = deploy(OK)
    configure(function, DestinationConfig={"OnFailure": {"Destination": arn}})
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    function.send(1)
    aws.settle()

    assert function.journal() == []
    assert len(messages()) == 1


def test_an_event_runs_the_code_of_its_time(aws: LocalAws, deploy: Deploy) -> None:
    """What waits while the function is updated runs on the new code, unless it named a version."""
    function = deploy(
        "import time\ndef handle(event, context):\n    time.sleep(1)\n    return 'old'",
    )
    function.client.publish_version(FunctionName=function.name)
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    function.send("runs")
    function.send("waits")
    function.send("waits on 1", Qualifier="1")
    time.sleep(0.5)
    function.client.update_function_code(FunctionName=function.name, ZipFile=package("def handle(e, c): return 'new'"))
    aws.settle()

    slow = [(entry["function"].split(":")[1], entry["duration_ms"] > 900) for entry in function.journal()]
    assert slow == [("$LATEST", True), ("$LATEST", False), ("1", True)]


def test_events_of_a_deleted_function_are_dropped(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(FAIL)
    function.send()
    while not function.journal():
        time.sleep(0.01)
    function.client.delete_function(FunctionName=function.name)
    aws.settle()

    assert [entry["why"] for entry in function.journal("given up")] == ["FunctionGone"]


def test_a_topic_and_a_queue_reach_a_function(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(
        """
        def handle(event, context):
            (record,) = event["Records"]
            print("got", record["Sns"]["Message"] if "Sns" in record else record["body"])
        """
    )
    arn = function.client.get_function(FunctionName=function.name)["Configuration"]["FunctionArn"]
    topics, queues = aws.client("sns"), aws.client("sqs")
    topic = topics.create_topic(Name=f"topic-{function.name}")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    url = queues.create_queue(QueueName=f"queue-{function.name}")["QueueUrl"]
    source = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function.client.create_event_source_mapping(EventSourceArn=source, FunctionName=function.name)

    topics.publish(TopicArn=topic, Message="by topic")
    queues.send_message(QueueUrl=url, MessageBody="by queue")
    aws.settle()

    events = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function.name}")["events"]
    assert {event["message"] for event in events if event["message"].startswith("got")} == {
        "got by topic",
        "got by queue",
    }
