"""The service request as an event of its own: answered with a request or a problem, told apart by `status`."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from foundry.aws.submission import UnavailableError
from foundry.core.models import ServiceRequest

pytestmark = pytest.mark.django_db(transaction=True)

EVENT = {"service": "toy", "items": [{"number": 1, "name": "one"}, {"number": "x"}], "label": "a label"}


def test_it_is_accepted_as_the_invoke_accounts_request(invoke):
    answer = invoke(EVENT)
    request = ServiceRequest.objects.get()
    assert (answer["status"], answer["id"], answer["label"]) == (202, str(request.pk), "a label")
    assert (answer["service"], answer["version"]) == ("toy", request.version)
    assert (request.owner.username, request.team.name) == ("robot", "robot")
    assert answer["items"]["total"] == 2
    (refused,) = answer["refused"]
    assert (refused["position"], refused["field"]) == (2, "number")


def test_its_links_are_paths_of_further_invokes(invoke):
    links = invoke(EVENT)["links"]
    shown = invoke({"httpMethod": "GET", "path": links["self"]})
    assert shown["statusCode"] == 200
    assert '"state":"partial"' in shown["body"].replace(" ", "")


def test_options_and_defaults_are_the_apis(invoke):
    answer = invoke(EVENT, items=[{}], defaults={"number": 3}, options={}, priority=-1)
    assert answer["status"] == 202
    assert ServiceRequest.objects.get().priority == -1


def test_the_same_key_makes_the_same_request_once(invoke):
    first, second = (invoke(EVENT, idempotency_key="k") for _ in range(2))
    assert first["id"] == second["id"]
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert invoke(EVENT, idempotency_key="k", label="other")["status"] == 422


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"service": "none"}, 422, "'none'"),
        ({"service": 1}, 422, "fit"),
        ({"service": None}, 422, "fit"),
        ({"items": []}, 422, "items"),
        ({"items": None}, 422, "fit"),
        ({"items": [{"number": "x"}]}, 422, "cannot be computed"),
        ({"items": [{"number": 1, "name": "\ud800"}]}, 400, "JSON"),
        ({"priority": 1}, 403, "priority"),
        ({"idempotency_key": 5}, 400, "Idempotency-Key"),
        ({"idempotency_key": "\ud800"}, 400, "Idempotency-Key"),
        ({"owner": "admin"}, 422, "fit"),
    ],
)
def test_what_is_wrong_is_answered_as_a_problem(change, status, said, invoke):
    answer = invoke(EVENT | change)
    assert (answer["status"], said in answer["detail"]) == (status, True), answer
    assert not ServiceRequest.objects.exists()


def test_what_is_not_the_callers_fault_fails_the_invocation(invoke, monkeypatch):
    def down(**_):
        raise OperationalError

    monkeypatch.setattr("foundry.api.requests.submit", down)
    with pytest.raises(UnavailableError, match="The database does not answer"):
        invoke(EVENT)
