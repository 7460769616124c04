"""The task: from a submission through Zappa's own asynchronous invocation to the slot that computes."""

from __future__ import annotations

import dataclasses
import json
import logging
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.core.checks import run_checks
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from foundry import catalog
from foundry.aws import dispatcher, task
from foundry.aws.dispatcher import LambdaDispatcher
from foundry.aws.task import MisdirectedTaskError
from foundry.core.models import Attempt, Job
from foundry.core.nudge import nudge
from foundry.core.sweep import sweep
from foundry.core.work import Slot, work
from tests.entry.conftest import Context

pytestmark = pytest.mark.django_db(transaction=True)

LAMBDA = "foundry.aws.dispatcher.LambdaDispatcher"


class Aws:
    """The client that Zappa is given: keeps what is sent, and refuses after so many."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.refuses_after = 1_000_000

    def invoke(self, **call: Any) -> dict[str, Any]:
        if len(self.sent) >= self.refuses_after:
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke")
        self.sent.append(call)
        return {"StatusCode": 202}

    @property
    def payloads(self) -> list[Any]:
        return [json.loads(call["Payload"]) for call in self.sent]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Aws:
    settings.FOUNDRY_DISPATCHER = LAMBDA
    settings.FOUNDRY_RELEASE = "foundry:7"
    aws = Aws()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(dispatcher._zappa(), "LAMBDA_CLIENT", aws)
    return aws


def test_a_submission_is_computed_by_another_invocation(invoke, aws):
    answer = invoke({"service": "toy", "items": [{"number": 2}]})
    assert answer["state"] == "queued"
    (call,) = aws.sent
    assert (call["FunctionName"], call["InvocationType"]) == ("foundry:7", "Event")
    assert invoke(aws.payloads[0]) == {"jobs": 1}
    shown = invoke({"httpMethod": "GET", "path": answer["links"]["self"]})
    assert json.loads(shown["body"])["state"] == "succeeded"
    attempt = Attempt.objects.get()
    assert (attempt.slot, attempt.job.release) == (Context.aws_request_id, "foundry:7")


def test_the_payload_says_which_queue_and_nothing_of_the_data(invoke, aws):
    invoke({"service": "toy", "items": [{"number": 2, "name": "confidential"}]})
    assert aws.payloads[0]["kwargs"] == {"service": "toy", "release": "foundry:7"}
    assert "confidential" not in aws.sent[0]["Payload"]


def test_each_missing_slot_is_an_invocation(aws, make_request):
    make_request(*({"number": number} for number in range(20)))
    aws.sent.clear()
    LambdaDispatcher().dispatch(service="toy", release="foundry:7", slots=40)
    assert len(aws.sent) == 40


def test_a_refused_invocation_is_logged_once_and_the_sweep_repeats_it(aws, make_job, invoke, caplog):
    aws.refuses_after = 0
    make_job()
    LambdaDispatcher().dispatch(service="toy", release="foundry:7", slots=40)
    assert [record.levelno for record in caplog.records if "foundry:7" in record.message].count(logging.WARNING) == 2
    aws.refuses_after = 10
    invoke({"source": "aws.events", "detail-type": "Scheduled Event"})
    assert len(aws.sent) == 1


@pytest.mark.parametrize("version", ["8", "$LATEST"])
def test_a_task_of_another_release_is_refused_and_its_jobs_stay(version, aws, make_job, invoke):
    job = make_job()
    with pytest.raises(MisdirectedTaskError, match=r"This is the release foundry:.*, and the task is for foundry:7"):
        invoke(aws.payloads[0], Context(version=version))
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_service_that_there_is_not_is_refused(invoke, aws, make_job):
    make_job()
    event = aws.payloads[0] | {"kwargs": {"service": "none", "release": "foundry:7"}}
    with pytest.raises(catalog.UnknownServiceError):
        invoke(event)


def test_a_services_function_computes_no_other(invoke, aws, make_job, settings):
    make_job()
    settings.FOUNDRY_SERVICE = "toy-saving"
    with pytest.raises(MisdirectedTaskError, match="computes toy-saving, and not toy"):
        invoke(aws.payloads[0])


def test_an_invocation_that_is_too_short_for_the_service_says_so(invoke, aws, make_job):
    job = make_job()
    with pytest.raises(MisdirectedTaskError, match="set its timeout to more than 40 s"):
        invoke(aws.payloads[0], Context(left_s=39))
    job.refresh_from_db()
    assert job.state == "queued"


@pytest.fixture
def hour_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first job, whatever it was."""

    def perform_one(slot: Slot) -> int:
        performed = work(slot, jobs=1)
        later = time.monotonic() + 3600
        monkeypatch.setattr("foundry.core.work.time.monotonic", lambda: later)
        return performed

    monkeypatch.setattr(task, "perform_jobs", perform_one)


@pytest.mark.usefixtures("hour_passes")
def test_when_the_time_is_up_another_invocation_goes_on(invoke, aws, make_job):
    make_job(), make_job()
    first = aws.payloads[0]
    aws.sent.clear()
    assert invoke(first) == {"jobs": 1}
    assert aws.payloads == [first]
    assert Job.objects.filter(state="queued").count() == 1


def test_with_time_left_and_nothing_waiting_nobody_is_called(invoke, aws, make_job):
    make_job()
    first = aws.payloads[0]
    aws.sent.clear()
    invoke(first)
    assert aws.sent == []


@pytest.mark.parametrize(("left_s", "lease_s"), [(600, 30), (45, 30)])
def test_a_lease_outlasts_the_job_since_nobody_renews_it(left_s, lease_s, invoke, aws, make_job, monkeypatch):
    """The toy may take 30 s and is interrupted then; 20 s are for saving."""
    leases: list[float] = []

    def compute(items, options):
        (left,) = Job.objects.filter(state="running").values_list(F("lease_until") - Now(), flat=True)
        leases.append(left.total_seconds())
        assert sweep().expired == 0
        return [{"number": item.number} for item in items]

    make_job()
    monkeypatch.setattr("foundry.core.compute.catalog.load", lambda path: compute)
    invoke(aws.payloads[0], Context(left_s=left_s))
    assert lease_s + 15 < leases[0] < lease_s + 21
    assert Job.objects.get().state == "succeeded"


def test_no_connection_is_kept_between_events(invoke):
    invoke({"httpMethod": "GET", "path": "/api/v1/requests"})
    assert connection.connection is None


def test_a_service_that_takes_longer_than_an_invocation_is_an_error_of_the_check(settings, monkeypatch):
    slow = catalog.services() | {"toy": _with_timeout(catalog.get("toy"), 890)}
    monkeypatch.setattr(catalog, "services", lambda: slow)
    assert not [error for error in run_checks() if error.id == "foundry.E004"]
    settings.FOUNDRY_DISPATCHER = LAMBDA
    (error,) = [error for error in run_checks() if error.id == "foundry.E004"]
    assert "toy: jobs may take 890 s, a Lambda invocation computes for 889 s" in error.msg


def _with_timeout(service: Any, timeout_s: int) -> Any:
    return dataclasses.replace(service, limits=dataclasses.replace(service.limits, timeout_s=timeout_s))


def test_a_nudge_that_fails_altogether_does_not_fail_the_submission(aws, make_job, monkeypatch):
    monkeypatch.setattr(dispatcher, "_zappa", lambda: 1 / 0)
    assert make_job().state == "queued"
    nudge(service="toy", release="foundry:7", jobs=1)
