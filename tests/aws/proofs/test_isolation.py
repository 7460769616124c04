"""A service that crashes, hangs or floods does not move another's latency."""

from __future__ import annotations

import pytest

from tests.aws.proofs import isolation
from tests.aws.proofs.isolation import API, CRASHING, FLOOD, HANGING

REQUESTS = 25
#: The ratio of the p95s that must hold while all share two cores; `make bench` measures it with more care.
MOST = 2.5


@pytest.fixture(scope="module")
def deployed(tmp_path_factory, package):
    code = package("development", "tests.toys").read_bytes()
    with isolation.deployed(tmp_path_factory.mktemp("isolation"), code) as platform:
        yield platform


def test_a_healthy_service_does_not_notice(deployed):
    figures = isolation.measure(deployed, REQUESTS)
    deployed.settle_jobs(API, figures.flood)

    states = deployed.sql(
        "SELECT state, sum(items_succeeded)::int FROM core_job WHERE request_id = ANY(%s::uuid[]) GROUP BY state",
        figures.flood,
    )
    assert states == [("succeeded", FLOOD)]
    ended = {(entry["function"], entry["error"]) for entry in deployed.aws.journal() if entry["what"] == "invoked"}
    assert (f"{API}-{CRASHING}:1", "Runtime.ExitError") in ended
    hanging = deployed.sql("SELECT error->>'code' FROM core_job WHERE service = %s AND error IS NOT NULL", HANGING)
    assert set(hanging) == {("timeout",)}
    assert figures.ratio < MOST
