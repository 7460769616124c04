"""Slots that die on Lambda: known within a sweep, and the item in hand blamed; no lease has to run out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws.proofs.platform import Platform, platform

API = "dying"
SWEEP = {"source": "aws.events", "detail-type": "Scheduled Event"}
#: Of each service's function its timeout in seconds: a service's own and a little more than the margin.
FUNCTIONS = {"toy": 45, "toy-hasty": 13}
MEMORY_MB = 512
#: Among good items, the one that does its worst; its service; what its error's code and message are.
WORST = {
    "die": ("toy", {"do": "die"}, "slot_died", "its process ended (signal: killed)"),
    "hoard": ("toy", {"do": "hoard"}, "out_of_memory", f"more memory than the {MEMORY_MB} MB of {API}-toy."),
    "hang": ("toy-hasty", {"seconds": 600}, "timeout", "ended after 1 seconds, the limit of toy-hasty."),
    "stick": ("toy-hasty", {"do": "stick"}, "timeout", f"ended after 13 seconds, the limit of {API}-toy-hasty."),
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, package: Callable[..., Path]) -> Iterator[Platform]:
    """Functions whose failures go to a queue, and the API that sweeps it."""
    code = package("development", "tests.toys").read_bytes()
    with platform(tmp_path_factory.mktemp("failures"), environments=6) as made:
        queue = made.aws.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
        attributes = made.aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        made.create(API, code, memory=1024, seconds=60, variables={"FOUNDRY_FAILURE_QUEUE": arn})
        made.manage("migrate --noinput", API)
        for service, seconds in FUNCTIONS.items():
            name = f"{API}-{service}"
            made.create(name, code, memory=MEMORY_MB, seconds=seconds, variables={"FOUNDRY_SERVICE": service})
            made.functions.put_function_event_invoke_config(
                FunctionName=name,
                Qualifier="1",
                MaximumRetryAttempts=0,
                DestinationConfig={"OnFailure": {"Destination": arn}},
            )
            made.manage(f"releases record {name}:1 --service {service} --by test", API)
        yield made


@pytest.fixture(scope="module")
def requests(deployed: Platform) -> dict[str, str]:
    """All of them at once, each a job of three items, until they have ended."""
    ids = {how: submit(deployed, service, worst) for how, (service, worst, _, _) in WORST.items()}
    deadline = time.monotonic() + 180
    while deployed.sql("SELECT 1 FROM core_job WHERE finished_at IS NULL"):
        assert time.monotonic() < deadline, deployed.aws.journal()[-10:]
        deployed.invoke(API, SWEEP)
        time.sleep(1)
    return ids


def submit(made: Platform, service: str, worst: dict[str, Any]) -> str:
    answer = made.invoke(API, {"service": service, "items": [{"number": 1}, worst, {"number": 3}]})
    assert answer["status"] == 202, answer
    return str(answer["id"])


@pytest.mark.parametrize("how", WORST)
def test_the_item_fails_alone(how: str, deployed: Platform, requests: dict[str, str]) -> None:
    _, _, code, message = WORST[how]
    rows = deployed.sql(
        "SELECT state, error->>'code', error->>'message' FROM core_result WHERE request_id = %s ORDER BY position",
        requests[how],
    )
    assert [row[0] for row in rows] == ["succeeded", "failed", "succeeded"]
    assert rows[1][1] == code
    assert message in rows[1][2]
    jobs = deployed.sql("SELECT state, failures, culprits FROM core_job WHERE request_id = %s", requests[how])
    assert jobs == [("succeeded", 1, 1)]


@pytest.mark.usefixtures("requests")
def test_no_lease_had_to_run_out_and_no_message_is_left(deployed: Platform) -> None:
    codes = deployed.sql("SELECT error->>'code', count(*) FROM core_attempt WHERE state = 'failed' GROUP BY 1")
    assert dict(codes) == {"slot_died": 2, "out_of_memory": 2, "timeout": 4}
    client = deployed.aws.client("sqs")
    told = client.get_queue_attributes(
        QueueUrl=client.get_queue_url(QueueName="failures")["QueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    assert told["ApproximateNumberOfMessages"] == told["ApproximateNumberOfMessagesNotVisible"] == "0"


@pytest.mark.usefixtures("requests")
def test_only_what_does_not_hear_a_signal_is_left_to_the_functions_timeout(deployed: Platform) -> None:
    ended = [entry["error"] for entry in deployed.aws.journal() if entry["what"] == "invoked" and entry["error"]]
    assert ended.count("Sandbox.Timedout") == 2
    assert sorted(set(ended)) == ["Runtime.ExitError", "Runtime.OutOfMemory", "Sandbox.Timedout"]
