"""While AWS changes a function it says so, and refuses to change or publish it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.localaws.conftest import package
from tests.localaws import LocalAws

SECONDS = 0.5
NAME = "toy"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(home=tmp_path_factory.mktemp("slow"), environments=2, settling_seconds=SECONDS) as server:
        yield server


@pytest.fixture
def client(slow: LocalAws) -> Iterator[Any]:
    """Lambda's, and a function in a VPC that is there."""
    subnet = slow.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    role = slow.client("iam")
    if not role.list_roles()["Roles"]:
        role.create_role(RoleName="function", AssumeRolePolicyDocument="{}")
    functions = slow.client("lambda")
    functions.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=role.list_roles()["Roles"][0]["Arn"],
        Handler="handler.handle",
        Code={"ZipFile": package("def handle(event, context): return event")},
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": ["sg-1"]},
    )
    assert functions.get_function_configuration(FunctionName=NAME)["State"] == "Pending"
    functions.get_waiter("function_active_v2").wait(FunctionName=NAME)
    yield functions
    functions.delete_function(FunctionName=NAME)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "configuration": lambda functions: functions.update_function_configuration(FunctionName=NAME, Timeout=9),
    "code": lambda functions: functions.update_function_code(FunctionName=NAME, ZipFile=package("handle = print")),
    "publish": lambda functions: functions.publish_version(FunctionName=NAME),
}


@pytest.mark.parametrize("first", ["configuration", "code"])
@pytest.mark.parametrize("second", CHANGES)
def test_no_change_is_taken_while_another_is_under_way(client: Any, first: str, second: str) -> None:
    assert CHANGES[first](client)["LastUpdateStatus"] == "InProgress"
    with pytest.raises(ClientError, match=f"An update is in progress for resource: .*:{NAME}$") as refused:
        CHANGES[second](client)
    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"
    client.get_waiter("function_updated_v2").wait(FunctionName=NAME)
    CHANGES[second](client)


def test_a_version_in_a_vpc_is_not_there_at_once(client: Any) -> None:
    published = client.publish_version(FunctionName=NAME)
    assert published["State"] == "Pending"
    with pytest.raises(ClientError, match="in the following state: Pending"):
        client.invoke(FunctionName=NAME, Qualifier="1")
    time.sleep(SECONDS)
    assert client.get_function_configuration(FunctionName=NAME, Qualifier="1")["State"] == "Active"
    assert client.invoke(FunctionName=NAME, Qualifier="1")["StatusCode"] == 200


def test_publishing_again_what_is_published_does_not_take_it_away(client: Any) -> None:
    client.publish_version(FunctionName=NAME)
    client.get_waiter("published_version_active").wait(FunctionName=NAME, Qualifier="1", WaiterConfig={"Delay": 1})
    assert client.publish_version(FunctionName=NAME)["State"] == "Active"
