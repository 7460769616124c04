"""On Lambda the sweep sends what is due, and the function that does everything also when its slot is done."""

from __future__ import annotations

import pytest

from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery
from tests.entry.conftest import Context
from tests.webhooks.conftest import receiver, start_receiver

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["receiver", "start_receiver"]

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


def test_a_services_function_leaves_it_to_the_sweep(request_on_lambda, invoke, receiver, settings):
    settings.FOUNDRY_SERVICE = "toy"
    assert invoke(WORK) == {"jobs": 1}
    assert receiver.heard == []
    settings.FOUNDRY_SERVICE = ""
    assert invoke(SWEEP)["sent"] == 1
    assert len(receiver.heard) == 1


def test_a_sweep_without_time_leaves_it_to_the_next(request_on_lambda, invoke, receiver, settings):
    settings.FOUNDRY_SERVICE = "toy"
    invoke(WORK)
    assert invoke(SWEEP, Context(left_s=10))["sent"] == 0
    assert Delivery.objects.get().attempts == 0
    assert invoke(SWEEP)["sent"] == 1
