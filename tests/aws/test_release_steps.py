"""From an empty account to a rollback, each step a command as CI runs it, on functions that really run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.aws.proofs.platform import Platform, platform

STAGE = "development"
FUNCTION = "foundry-development"


@pytest.fixture(scope="module")
def account(package: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One with a function and the tables, and no release yet."""
    with platform(tmp_path_factory.mktemp("steps"), environments=3, settling_seconds=0.3) as made:
        role = made.aws.client("iam").create_role(RoleName="all", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        made.environ["FOUNDRY_ROLE_DEVELOPMENT"] = role
        made.run("zappa", "deploy", STAGE, "--zip", str(package(STAGE)))
        for verb in ("configure", "migrate"):
            made.run("python", "-m", "deploy", verb, STAGE)
        yield made


@pytest.fixture
def deploy(account: Platform) -> Callable[..., str]:
    return lambda verb, *flags: account.run("python", "-m", "deploy", verb, STAGE, *flags)


def states(account: Platform) -> dict[str, str]:
    """The state of each release of compute-dna by its version."""
    rows = account.sql("SELECT version, state FROM core_release WHERE service = 'compute-dna'")
    return dict(rows)


def versions(account: Platform) -> set[str]:
    listed = account.functions.list_versions_by_function(FunctionName=FUNCTION)["Versions"]
    return {entry["Version"] for entry in listed}


def test_the_steps_of_two_releases(account, deploy, package):
    deploy("record", "--by", "ci", "--commit", "abc123")
    assert states(account) == {"1": "live"}
    lines = deploy("smoke").splitlines()
    assert [line.split(":")[0] for line in lines] == ["compute-dna", "screen-synthesis"]
    assert all(line.endswith(" s on foundry-development:1") for line in lines)

    account.environ["FOUNDRY_RETENTION_DAYS"] = "60"
    deploy("configure")  # publishes a version that never becomes a release
    account.environ["FOUNDRY_RETENTION_DAYS"] = "90"
    account.run("zappa", "update", STAGE, "--zip", str(package(STAGE)))
    deploy("configure")
    deploy("record", "--candidate", "0.1")
    [newest] = [version for version, state in states(account).items() if state == "candidate"]
    released = account.functions.get_function_configuration(FunctionName=FUNCTION, Qualifier=newest)
    assert released["Environment"]["Variables"]["FOUNDRY_RETENTION_DAYS"] == "90"

    deploy("shift", "--share", "1")
    assert deploy("smoke").count(f"on foundry-development:{newest}") == 2
    deploy("promote")
    assert states(account) == {"1": "draining", newest: "live"}
    deploy("rollback")
    assert states(account) == {"1": "live", newest: "draining"}
    assert deploy("smoke").count("on foundry-development:1") == 2

    deploy("rollback", "--to", newest)
    account.invoke(FUNCTION, {"manage": "sweep"})
    assert {"1", "2", newest} <= versions(account)
    removed = deploy("prune").splitlines()
    assert "removed foundry-development:2" in removed
    assert versions(account) == {"$LATEST", "1", newest}  # one is kept to roll back to


def test_a_step_says_what_the_function_refused(account, deploy):
    with pytest.raises(AssertionError, match="deploy: foundry-development: "):
        deploy("shift", "--share", "1.5")


def test_the_portal_may_not_change_releases(account):
    answer = account.functions.invoke(
        FunctionName=FUNCTION, Payload=json.dumps({"manage": "releases rollback --service x"})
    )
    assert "for operators" in json.load(answer["Payload"])["errorMessage"]
