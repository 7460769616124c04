"""The failure queue: what it tells of slots is acted on, what it tells of anything else stays for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from foundry import catalog
from foundry.aws import failures
from foundry.core import finish
from foundry.core.claim import Claim, claim
from foundry.core.models import Job
from foundry.core.work import perform
from tests.entry.conftest import Context

pytestmark = pytest.mark.django_db(transaction=True)

SWEEP = {"source": "aws.events", "detail-type": "Scheduled Event"}
ARN = "arn:aws:sqs:eu-north-1:123456789012:failures"
SLOT = Context.aws_request_id
TASK = {
    "task_path": "foundry.aws.task.work",
    "args": [],
    "kwargs": {"service": "toy", "release": "foundry-toy:7"},
    "command": "zappa.asynchronous.route_lambda_task",
}
TIMEOUT = {
    "errorType": "Sandbox.Timedout",
    "errorMessage": f"RequestId: {SLOT} Error: Task timed out after 600.00 seconds",
}
OLD_TIMEOUT = {"errorMessage": f"2026-11-22T20:00:00.000Z {SLOT} Task timed out after 2.50 seconds"}
MEMORY = {"errorType": "Runtime.OutOfMemory", "errorMessage": "Error: Runtime exited with error: signal: killed"}
EXIT = {"errorType": "Runtime.ExitError", "errorMessage": "Error: Runtime exited with error: exit status 3"}
EXIT_UNSAID = {"errorType": "Runtime.ExitError", "errorMessage": "Error: Runtime exited without providing a reason"}
RAISED = {"errorType": "OperationalError", "errorMessage": "gone \ud800 \0", "stackTrace": ["  File x\n", "    y\n"]}


class Queue:
    """The queue as SQS has it."""

    def __init__(self) -> None:
        self.client = boto3.client("sqs", region_name="eu-north-1")
        self.url = self.client.create_queue(QueueName="failures")["QueueUrl"]

    def put(self, told: Any, *, slot: str = SLOT, event: Any = TASK, condition: str = "RetriesExhausted") -> None:
        """A record as Lambda writes it."""
        record = {
            "version": "1.0",
            "requestContext": {"requestId": slot, "condition": condition, "approximateInvokeCount": 1},
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": told,
        }
        self.put_text(json.dumps(record))

    def put_text(self, text: str) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=text)

    def __len__(self) -> int:
        """Messages, those too that are hidden for the moment."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(told[name]) for name in names)


@pytest.fixture
def queue(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    settings.FOUNDRY_FAILURE_QUEUE = ARN
    monkeypatch.setattr(failures, "_PATIENCE_S", 0)
    failures._queue.cache_clear()
    with mock_aws():
        yield Queue()
    failures._queue.cache_clear()


@pytest.fixture
def slot(make_request: Callable[..., Any]) -> Callable[..., Claim]:
    """A slot claims a job of three items; then it computes all of them, or has one in hand."""

    def start(*, item_in_hand: int | None = None, name: str = SLOT) -> Claim:
        make_request({"number": 1}, {"number": 2}, {"number": 3})
        Job.objects.update(available_at="2020-01-01T00:00Z")
        toy = catalog.get("toy")
        claimed = claim(service=toy, release="local", slot=name, lease=timedelta(minutes=15))
        assert claimed
        if item_in_hand:
            finish.save(claimed, toy, [], last=False, item_in_hand=item_in_hand)
        return claimed

    return start


def job() -> dict[str, Any]:
    return Job.objects.values("state", "attempt", "failures", "culprits", "items_failed").get()


@pytest.mark.parametrize(
    ("told", "code", "message"),
    [
        (TIMEOUT, "timeout", "The computation was ended after 600 seconds, the limit of foundry-toy. Submit fewer"),
        (OLD_TIMEOUT, "timeout", "The computation was ended after 2.5 seconds, the limit of foundry-toy. Submit fewer"),
        (MEMORY, "out_of_memory", "took more memory than the limit of foundry-toy. Submit fewer"),
        (EXIT, "slot_died", "The computation was lost: its process ended (exit status 3)."),
        (EXIT_UNSAID, "slot_died", "The computation was lost: its process ended."),
        (RAISED, "slot_died", "The computation was lost: its invocation failed (OperationalError)."),
        (None, "slot_died", "The computation was lost: its invocation failed."),
    ],
    ids=["timeout", "timeout without a type", "memory", "exit", "exit unsaid", "exception", "nothing"],
)
def test_a_dead_slots_job_is_back_with_the_next_sweep_and_says_why(told, code, message, queue, slot, invoke):
    slot()
    queue.put(told)
    assert invoke(SWEEP)["lost"] == 1
    assert job() == {"state": "queued", "attempt": 1, "failures": 1, "culprits": 0, "items_failed": 0}
    error = Job.objects.get().error
    assert error["code"] == code
    assert message in error["message"]
    assert len(queue) == 0


def test_the_exception_of_an_invocation_is_kept_for_operators(queue, slot, invoke):
    slot()
    queue.put(RAISED)
    invoke(SWEEP)
    error = Job.objects.get().attempts.get().error
    assert error["traceback"].startswith("  File x\n    y\nOperationalError: gone ?")
    assert "gone" not in error["message"]


def test_the_memory_is_that_of_the_function(queue, slot, invoke):
    claimed = slot()
    Job.objects.get().attempts.update(
        memory_mb=2048,
        price_list="p",
        usd_per_gb_second=0,
        usd_for_invocation=0,
        billed_from="2020-01-01T00:00Z",
        slot_ends_by="2020-01-01T00:00Z",
    )
    queue.put(MEMORY)
    invoke(SWEEP)
    assert "more memory than the 2048 MB of foundry-toy" in Job.objects.get(pk=claimed.job).error["message"]


@pytest.mark.parametrize("told", [TIMEOUT, MEMORY, EXIT], ids=["timeout", "memory", "exit"])
def test_an_item_in_hand_is_to_blame_for_the_end_of_its_process(told, queue, slot, invoke):
    slot(item_in_hand=2)
    queue.put(told)
    invoke(SWEEP)
    assert job() == {"state": "queued", "attempt": 1, "failures": 0, "culprits": 1, "items_failed": 1}


def test_an_item_in_hand_is_not_to_blame_for_what_the_platform_raised(queue, slot, invoke):
    slot(item_in_hand=2)
    queue.put(RAISED)
    invoke(SWEEP)
    assert job() == {"state": "queued", "attempt": 1, "failures": 1, "culprits": 0, "items_failed": 0}


def test_a_record_that_comes_twice_changes_nothing_the_second_time(queue, slot, invoke):
    slot()
    queue.put(EXIT)
    queue.put(EXIT)
    assert invoke(SWEEP)["lost"] == 1
    queue.put(EXIT)
    assert invoke(SWEEP)["lost"] == 0
    assert job()["failures"] == 1
    assert len(queue) == 0


def test_a_slot_that_had_finished_its_job_has_lost_nothing(queue, slot, invoke):
    perform(catalog.get("toy"), slot())
    queue.put(TIMEOUT)
    assert invoke(SWEEP)["lost"] == 0
    assert job() == {"state": "succeeded", "attempt": 1, "failures": 0, "culprits": 0, "items_failed": 0}
    assert len(queue) == 0


def test_another_slots_job_goes_on(queue, slot, invoke):
    slot(name="another")
    queue.put(EXIT)
    assert invoke(SWEEP)["lost"] == 0
    assert job()["state"] == "running"


def test_an_event_that_became_too_old_never_was_a_slot(queue, invoke):
    queue.put(None, condition="EventAgeExceeded")
    assert invoke(SWEEP)["lost"] == 0
    assert len(queue) == 0


@pytest.mark.parametrize(
    "event",
    [
        {"httpMethod": "POST", "path": "/api/v1/requests"},
        {"service": "toy", "items": [{}]},
        {"manage": "migrate"},
        SWEEP,
        TASK | {"task_path": "os.getcwd"},
        TASK | {"kwargs": {}},
        {},
        None,
        [],
    ],
)
def test_what_is_not_a_slots_stays_for_people(event, queue, slot, invoke):
    slot()
    queue.put(EXIT, event=event)
    assert invoke(SWEEP)["lost"] == 0
    assert job()["state"] == "running"
    assert len(queue) == 1


@pytest.mark.parametrize(
    "text", ["no JSON", "[]", "7", "{}", '{"requestContext": 7, "requestPayload": {}}', "[" * 100_000]
)
def test_what_is_no_record_stays_and_is_in_nobodys_way(text, queue, slot, invoke):
    slot()
    queue.put_text(text)
    queue.put(EXIT)
    assert invoke(SWEEP)["lost"] == 1
    assert len(queue) == 1


def test_a_sweep_takes_so_many_and_leaves_the_rest_to_the_next(queue, invoke, monkeypatch):
    monkeypatch.setattr(failures, "_MOST_MESSAGES", 20)
    for number in range(25):
        queue.put(EXIT, slot=str(number))
    invoke(SWEEP)
    assert len(queue) == 5
    invoke(SWEEP)
    assert len(queue) == 0


def test_a_sweep_takes_no_longer_than_its_time(queue, invoke, monkeypatch):
    monkeypatch.setattr(failures, "_MOST_S", 0)
    queue.put(EXIT)
    invoke(SWEEP)
    assert len(queue) == 1


def test_the_sweep_goes_on_without_the_queue(queue, slot, invoke, settings, caplog):
    settings.FOUNDRY_FAILURE_QUEUE = f"{ARN}-that-there-is-not"
    slot()
    Job.objects.update(lease_until="2020-01-01T00:00Z")
    swept = invoke(SWEEP)
    assert (swept["lost"], swept["expired"]) == (0, 1)
    assert "The failure queue was not read" in caplog.text


def test_without_a_queue_nothing_is_asked(invoke, settings, monkeypatch):
    settings.FOUNDRY_FAILURE_QUEUE = ""
    monkeypatch.setattr(failures, "_queue", lambda: 1 / 0)
    assert invoke(SWEEP)["lost"] == 0
