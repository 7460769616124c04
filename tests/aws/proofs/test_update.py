"""Deploying while the platform works: what was accepted on a release finishes on it, and nothing is terminated."""

from __future__ import annotations

import random

import pytest

from tests.aws.proofs.platform import platform

STAGE, FUNCTION = "development", "foundry-development"
JOBS = 300
#: Each is a process; toy-busy takes up to 40 of them, and the rest answer requests.
ENVIRONMENTS = 48


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A first release of the platform and its toy services."""
    home = tmp_path_factory.mktemp("update")
    with platform(home, services="tests.toys", environments=ENVIRONMENTS, retry_seconds=0.5) as platform_:
        platform_.run("zappa", "deploy", STAGE)
        platform_.deploy("configure", STAGE)
        platform_.deploy("migrate", STAGE)
        platform_.deploy("record", STAGE)
        yield platform_


def test_update_and_rollback_under_load(deployed):
    first = live(deployed)
    on_first = [submit(deployed, JOBS)]
    deployed.wait("SELECT 1 FROM core_job WHERE state = 'running' LIMIT 1")

    deployed.environ["FOUNDRY_SERVICES"] = "services,tests.toys"  # other code
    deployed.run("zappa", "update", STAGE)
    deployed.deploy("configure", STAGE)
    deployed.deploy("record", STAGE)
    second = live(deployed)
    assert second != first
    on_second = [submit(deployed, JOBS)]

    deployed.deploy("rollback", STAGE, "--to", first.partition(":")[2])
    assert live(deployed) == first
    on_first.append(submit(deployed, 20))

    deployed.deploy("rollback", STAGE, "--to", second.partition(":")[2])
    on_second.append(submit(deployed, 20))
    deployed.deploy("prune", STAGE)
    assert first in versions(deployed), "pruned before it was drained"

    deployed.settle_jobs(FUNCTION, on_first + on_second)
    assert_all_ran_on(deployed, first, on_first)
    assert_all_ran_on(deployed, second, on_second)

    deployed.manage("sweep")
    deployed.deploy("prune", STAGE, "--keep", "0")
    assert first not in versions(deployed)
    assert second in versions(deployed)
    assert deployed.invoke(FUNCTION, {"service": "toy-busy", "items": [{"number": 1}]})["status"] == 202


def live(deployed) -> str:
    [(release,)] = deployed.sql("SELECT name FROM core_release WHERE service = 'toy-busy' AND state = 'live'")
    return release


def submit(deployed, jobs: int) -> str:
    """A request of so many jobs of 2 to 20 s, most of them short, and a few that outlast any lease not kept. Its id."""
    dice = random.Random(jobs)
    seconds = [round(min(20.0, 2 + dice.expovariate(0.8)), 2) for _ in range(jobs)]
    seconds[::50] = [20.0 + 5 * (number % 3) for number in range(len(seconds[::50]))]
    items = [{"do": "sleep", "seconds": wait, "number": number} for number, wait in enumerate(seconds)]
    answer = deployed.invoke(FUNCTION, {"service": "toy-busy", "items": items})
    assert answer["status"] == 202, answer
    return answer["id"]


def assert_all_ran_on(deployed, release: str, requests: list[str]) -> None:
    """Each job in one attempt, by an invocation of that version; the account's journal says so too."""
    attempts = deployed.sql(
        "SELECT job.release, attempt.number, attempt.state, attempt.slot FROM core_attempt AS attempt"
        " JOIN core_job AS job ON job.id = attempt.job_id WHERE job.request_id = ANY(%s::uuid[])",
        requests,
    )
    [(jobs, items)] = deployed.sql(
        "SELECT count(*), sum(items_succeeded) FROM core_job WHERE request_id = ANY(%s::uuid[])", requests
    )
    assert jobs == items == JOBS + 20 == len(attempts)
    assert {attempt[:3] for attempt in attempts} == {(release, 1, "succeeded")}
    invoked = [entry for entry in deployed.aws.journal() if entry["what"] == "invoked"]
    ran_on = {entry["request_id"]: entry["function"] for entry in invoked}
    assert {ran_on[slot] for *_, slot in attempts} == {release}
    assert not [entry for entry in invoked if entry["error"]]


def versions(deployed) -> set[str]:
    found = deployed.functions.list_versions_by_function(FunctionName=FUNCTION)["Versions"]
    return {f"{FUNCTION}:{version['Version']}" for version in found}
