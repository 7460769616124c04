"""The account's concurrency is looked at before anything is uploaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from click import ClickException

from deploy import quota, settings, stages
from deploy.errors import DeployError
from tests.aws.localaws.conftest import package
from tests.localaws import LocalAws

#: What production reserves.
RESERVED = 44


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], LocalAws]]:
    def make(quota: int) -> LocalAws:
        aws = LocalAws(home=tmp_path, environments=1, quota=quota)
        aws.__enter__()
        made.append(aws)
        for name, value in aws.environ.items():
            monkeypatch.setenv(name, value)
        return aws

    made: list[LocalAws] = []
    yield make
    for aws in made:
        aws.__exit__()


def create(aws: LocalAws, name: str, reserved: int) -> None:
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = {"ZipFile": package("handle = print")}
    client = aws.client("lambda")
    client.create_function(FunctionName=name, Runtime="python3.13", Role=role, Handler="handler.handle", Code=code)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)


def test_a_new_account_is_told_what_to_ask_for_and_that_amount_is_enough(account):
    account(10)
    with pytest.raises(DeployError, match=f"may run 10 .* 0 are left, .* reserve {RESERVED}: ") as refused:
        quota.require(stages.get("production_compute_dna"))
    [asked] = re.findall(r"--desired-value (\d+)", str(refused.value))
    assert int(asked) == quota.KEPT + RESERVED
    account(int(asked))
    quota.require(stages.get("production"))


def test_what_other_functions_reserve_is_not_there_and_what_the_own_ones_do_is(account):
    aws = account(quota.KEPT + RESERVED + 9)
    create(aws, "foundry-production", 20)
    create(aws, "another", 9)
    quota.require(stages.get("production"))
    aws.client("lambda").put_function_concurrency(FunctionName="another", ReservedConcurrentExecutions=10)
    with pytest.raises(DeployError, match="43 are left"):
        quota.require(stages.get("production"))


def test_a_function_that_reserves_nothing_needs_no_quota(account):
    account(10)
    quota.require(stages.get("development"))


def test_zappa_is_stopped_before_it_uploads(account, monkeypatch):
    account(10)
    monkeypatch.setattr("deploy.variables.require", lambda stage: None)
    with pytest.raises(ClickException, match="service-quotas request-service-quota-increase"):
        settings.fill(SimpleNamespace(api_stage="production", command="deploy"))


def test_the_local_aws_keeps_a_hundred_free(account):
    aws = account(110)
    with pytest.raises(ClientError, match="below its minimum value of"):
        create(aws, "greedy", 11)
