"""On Lambda messages are sent when a slot is done, and by the sweep: a service's function wakes one that can."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.utils import timezone

from foundry.aws import dispatcher, postman
from foundry.core.models import ServiceRequest
from foundry.core.work import Slot, work
from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery, Turn
from tests.entry.conftest import Context
from tests.webhooks.conftest import receiver, start_receiver

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["receiver", "start_receiver"]

POSTMAN = Context(qualifier="postman")
SWEEP = {"source": "aws.events", "detail-type": "Scheduled Event"}
WORK = {
    "task_path": "foundry.aws.task.work",
    "command": "zappa.asynchronous.route_lambda_task",
    "args": [],
    "kwargs": {"service": "toy", "release": "foundry:7"},
}


@pytest.fixture
def request_on_lambda(owner, receiver, make_request, settings):
    """Submitted, and computed by nobody yet; an endpoint wants to know."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    settings.FOUNDRY_RELEASE = "foundry:7"
    endpoints.create(team=owner.caller.team, user=owner.caller.user, url=receiver.url, states=endpoints.STATES)
    return make_request({"number": 1})


def test_the_function_that_does_everything_sends_when_its_slot_is_done(request_on_lambda, invoke, receiver):
    assert invoke(WORK) == {"jobs": 1}
    (heard,) = receiver.heard
    assert str(request_on_lambda.pk).encode() in heard.body


class Lambda:
    """The client that Zappa is given: keeps what is sent, or refuses it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.refuses = False

    def invoke(self, **call: Any) -> dict[str, Any]:
        if self.refuses:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "No alias."}}, "Invoke")
        self.sent.append(call)
        return {"StatusCode": 202}


@pytest.fixture
def service_function(settings, monkeypatch) -> Lambda:
    """This function computes one service, and another one sends."""
    settings.FOUNDRY_SERVICE, settings.FOUNDRY_POSTMAN = "toy", "foundry-production:postman"
    aws = Lambda()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(dispatcher._zappa(), "LAMBDA_CLIENT", aws)
    return aws


def test_a_services_function_wakes_who_sends(request_on_lambda, invoke, receiver, service_function, settings):
    assert invoke(WORK) == {"jobs": 1}
    assert receiver.heard == []
    [call] = service_function.sent
    assert (call["FunctionName"], call["InvocationType"]) == ("foundry-production:postman", "Event")
    settings.FOUNDRY_SERVICE = ""
    assert invoke(json.loads(call["Payload"]), POSTMAN) == {"sent": 1}
    assert len(receiver.heard) == 1


def test_it_wakes_nobody_if_nobody_wants_to_know(make_request, invoke, service_function, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    settings.FOUNDRY_RELEASE = "foundry:7"
    make_request({"number": 1})
    assert invoke(WORK) == {"jobs": 1}
    assert service_function.sent == []


def test_it_wakes_nobody_if_somebody_is_at_it(request_on_lambda, invoke, service_function):
    Turn.objects.create(name="sending", until=timezone.now() + timedelta(minutes=1))
    assert invoke(WORK) == {"jobs": 1}
    assert service_function.sent == []


def test_it_wakes_nobody_if_its_time_is_nearly_up(request_on_lambda, invoke, service_function, settings):
    postman.tell(Context(left_s=900))
    assert service_function.sent == []  # nothing has ended
    work(Slot(service="toy", release="foundry:7", name="s", lease=timedelta(minutes=1)))
    postman.tell(Context(left_s=30))
    assert service_function.sent == []
    postman.tell(Context(left_s=60))
    assert len(service_function.sent) == 1


def test_a_sweep_sends_nothing_while_another_does(request_on_lambda, invoke, service_function, settings):
    invoke(WORK)
    Turn.objects.create(name="sending", until=timezone.now() + timedelta(minutes=1))
    assert invoke(SWEEP)["sent"] == 0


def test_if_nobody_wakes_the_sweep_sends(request_on_lambda, invoke, receiver, service_function, settings, caplog):
    service_function.refuses = True
    assert invoke(WORK) == {"jobs": 1}
    assert "foundry-production:postman was not woken; the sweep will send" in caplog.text
    settings.FOUNDRY_SERVICE = ""
    assert invoke(SWEEP)["sent"] == 1
    assert len(receiver.heard) == 1


@pytest.mark.parametrize("event", [{}, {"manage": "sweep"}, {"service": "toy", "items": [{"number": 1}]}, SWEEP])
def test_who_may_wake_the_postman_may_do_nothing_else(event, owner, invoke):
    assert invoke(event, POSTMAN) == {"sent": 0}
    assert not ServiceRequest.objects.exists()


def test_a_sweep_without_time_leaves_it_to_the_next(request_on_lambda, invoke, receiver, service_function):
    invoke(WORK)
    assert invoke(SWEEP, Context(left_s=10))["sent"] == 0
    assert Delivery.objects.get().attempts == 0
    assert invoke(SWEEP)["sent"] == 1
