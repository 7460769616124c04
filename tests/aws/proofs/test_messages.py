"""A service's function cannot sign messages, and still they are sent as soon as its slot is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from foundry.webhooks import signing
from tests.aws.proofs.platform import platform
from tests.webhooks.conftest import Receiver

API, SERVICE = "messages", "toy"
PUBLIC = "https://foundry.example/lab"


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.shutdown()
    receiver.server_close()


@pytest.fixture
def deployed(tmp_path, package):
    """The API, and a service with a function of its own; nobody sweeps."""
    code = package("development", "tests.toys").read_bytes()
    own = {"FOUNDRY_SERVICE": SERVICE, "FOUNDRY_POSTMAN": f"{API}:postman"}
    with platform(tmp_path) as account:
        variables = {"FOUNDRY_WEBHOOK_TRUSTED": "127.0.0.0/8", "FOUNDRY_PUBLIC_URL": PUBLIC}
        account.create(API, code, memory=1024, seconds=60, variables=variables)
        account.functions.create_alias(FunctionName=API, Name="postman", FunctionVersion="1")
        account.create(f"{API}-{SERVICE}", code, memory=512, seconds=60, variables=own)
        account.manage("migrate --noinput", API)
        account.manage(f"releases record {API}-{SERVICE}:1 --service {SERVICE} --by test", API)
        yield account


def test_who_wants_to_know_is_told_at_once(deployed, receiver):
    submit(deployed)  # the account that asks and its team are there now; the end of this one may be told of too
    deployed.sql(
        "WITH endpoint AS ("
        "  INSERT INTO webhooks_endpoint (team_id, vouched_by_id, url, states, disabled_because)"
        "  SELECT team_id, user_id, %s, 'succeeded', '' FROM accounts_membership RETURNING id"
        ") INSERT INTO webhooks_secret (endpoint_id, seed) SELECT id, %s FROM endpoint RETURNING id",
        receiver.url,
        signing.new_seed(),
    )
    request = submit(deployed)
    heard = within(30, lambda: next((one for one in receiver.heard if request.encode() in one.body), None))
    assert f"{PUBLIC}/api/v1/requests/{request}".encode() in heard.body
    assert heard.headers["webhook-signature"].startswith("v1,")
    # Nobody else was there to send: it is told of an invocation when that has ended.
    assert within(30, lambda: f"{API}:1" in invoked_by_events(deployed))


def within(seconds: float, look: Callable[[], Any]) -> Any:
    """What is there at last."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def invoked_by_events(deployed) -> set[str]:
    return {entry["function"] for entry in deployed.aws.journal() if entry.get("how") == "event"}


def submit(deployed) -> str:
    """A request, until it has been computed."""
    answer = deployed.invoke(API, {"service": SERVICE, "items": [{"number": 1}]})
    assert answer["status"] == 202, answer
    deployed.wait("SELECT 1 FROM core_job WHERE request_id = %s AND finished_at IS NOT NULL", answer["id"])
    return str(answer["id"])
