"""`python -m deploy configure` on deployed functions, whose code does not matter: applies, checks, finds drift."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deploy.__main__ import main
from tests.localaws import LocalAws

STAGE = "production_screen_synthesis"
NAME = "foundry-production-screen-synthesis"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failures"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(home=tmp_path_factory.mktemp("aws"), environments=2) as server:
        yield server


@pytest.fixture(scope="module")
def account(aws: LocalAws) -> dict[str, str]:
    """An account's variables."""
    network = aws.client("ec2")
    subnet = network.describe_subnets()["Subnets"][0]
    groups = network.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])
    roles = aws.client("iam")
    return {
        "FOUNDRY_DEPLOY_BUCKET": "packages",
        "FOUNDRY_SUBNETS": subnet["SubnetId"],
        "FOUNDRY_SECURITY_GROUPS": groups["SecurityGroups"][0]["GroupId"],
        "FOUNDRY_FAILURE_QUEUE": QUEUE,
        "FOUNDRY_MAX_CONNECTIONS": "100",
        "FOUNDRY_SECRET_KEY_SECRET": "arn:aws:secretsmanager:us-east-1:123456789012:secret:key",
        "DATABASE_URL": "postgresql://foundry:hidden@db.example/foundry",
        "FOUNDRY_SERVICES": "services",
        f"FOUNDRY_ROLE_{STAGE.upper()}": roles.create_role(RoleName="service", AssumeRolePolicyDocument="{}")["Role"][
            "Arn"
        ],
    }


@pytest.fixture
def function(aws: LocalAws, account: dict[str, str]) -> Iterator[Any]:
    """Lambda's client, and the function as somebody made it who knew nothing of what it should be."""
    client = aws.client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("entry.py", "def handler(event, context): return event")
    client.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=account[f"FOUNDRY_ROLE_{STAGE.upper()}"],
        Handler="entry.handler",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"LEFT_OVER": "1"}},
        DeadLetterConfig={"TargetArn": QUEUE},
        Publish=True,
    )
    yield client
    client.delete_function(FunctionName=NAME)


@dataclasses.dataclass
class Finished:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def configure(
    aws: LocalAws, account: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Finished]:
    """The command without a process of its own, which would take longer than all that it does."""
    for name, value in (aws.environ | account).items():
        monkeypatch.setenv(name, value)

    def run(*flags: str) -> Finished:
        return Finished(main(["configure", STAGE, *flags]), *capsys.readouterr())

    return run


def states(output: str) -> list[str]:
    """The state of each setting, without the lines of the connection budget."""
    return [line.split()[0] for line in output.splitlines() if f"{NAME}  " in line and not line.split()[0].isdecimal()]


def test_a_function_becomes_what_it_should_be_and_stays_so(function, configure):
    applied = configure()
    assert applied.returncode == 0, applied.stderr
    assert "changed" in states(applied.stdout)
    configuration = function.get_function_configuration(FunctionName=NAME)
    assert (configuration["MemorySize"], configuration["Timeout"]) == (1769, 180)
    assert configuration["Handler"] == "foundry.aws.entry.handler"
    assert configuration["Environment"]["Variables"]["FOUNDRY_SERVICE"] == "screen-synthesis"
    assert "LEFT_OVER" not in configuration["Environment"]["Variables"]
    assert not configuration.get("DeadLetterConfig", {}).get("TargetArn")
    assert function.get_function_concurrency(FunctionName=NAME)["ReservedConcurrentExecutions"] == 12
    assert function.get_function_recursion_config(FunctionName=NAME)["RecursiveLoop"] == "Allow"

    for again in (configure(), configure("--check")):
        assert again.returncode == 0, again.stderr
        assert set(states(again.stdout)) == {"ok"}


def test_the_version_that_is_released_has_the_new_configuration(function, configure):
    configure()
    version = function.get_alias(FunctionName=NAME, Name="operator")["FunctionVersion"]
    released = function.get_function_configuration(FunctionName=NAME, Qualifier=version)
    assert (version, released["MemorySize"]) == ("2", 1769)
    assert function.get_function_configuration(FunctionName=NAME, Qualifier="1")["MemorySize"] == 128


@pytest.mark.parametrize("qualifier", ["$LATEST", "1", "2", "operator"])
def test_aws_retries_no_event_and_failures_go_to_the_queue(qualifier, function, configure):
    configure()
    events = function.get_function_event_invoke_config(FunctionName=NAME, Qualifier=qualifier)
    assert (events["MaximumRetryAttempts"], events["MaximumEventAgeInSeconds"]) == (0, 300)
    assert events["DestinationConfig"]["OnFailure"]["Destination"] == QUEUE


def test_logs_do_not_stay_for_ever(aws, function, configure):
    configure()
    group, *_ = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{NAME}")["logGroups"]
    assert group["retentionInDays"] == 30


DRIFT = {
    "memory (MB)": lambda client: client.update_function_configuration(FunctionName=NAME, MemorySize=256),
    "timeout (s)": lambda client: client.update_function_configuration(FunctionName=NAME, Timeout=3),
    "environment": lambda client: client.update_function_configuration(
        FunctionName=NAME, Environment={"Variables": {}}
    ),
    "network": lambda client: client.update_function_configuration(
        FunctionName=NAME, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    ),
    "dead letter queue": lambda client: client.update_function_configuration(
        FunctionName=NAME, DeadLetterConfig={"TargetArn": QUEUE}
    ),
    "reserved concurrency": lambda client: client.delete_function_concurrency(FunctionName=NAME),
    "recursive invokes": lambda client: client.put_function_recursion_config(
        FunctionName=NAME, RecursiveLoop="Terminate"
    ),
    "alias operator": lambda client: client.update_alias(FunctionName=NAME, Name="operator", FunctionVersion="1"),
    "events to 2": lambda client: client.put_function_event_invoke_config(
        FunctionName=NAME, Qualifier="2", MaximumRetryAttempts=2
    ),
    "events to operator": lambda client: client.delete_function_event_invoke_config(
        FunctionName=NAME, Qualifier="operator"
    ),
    "tags": lambda client: client.untag_resource(
        Resource=client.get_function(FunctionName=NAME)["Configuration"]["FunctionArn"], TagKeys=["stage"]
    ),
}


@pytest.mark.parametrize("setting", DRIFT)
def test_drift_is_found_named_and_left_as_it_is_by_a_check_and_mended_without(setting, function, configure):
    assert configure().returncode == 0
    DRIFT[setting](function)
    for _ in range(2):
        found = configure("--check")
        assert found.returncode == 1
        drifted = [line for line in found.stdout.splitlines() if line.startswith("drift")]
        assert any(f"{NAME}  {setting}: " in line for line in drifted)
    assert configure().returncode == 0
    assert configure("--check").returncode == 0


def test_values_of_the_environment_are_not_shown(function, configure):
    shown = configure("--check")
    assert "DATABASE_URL" in shown.stdout
    assert "hidden" not in shown.stdout + shown.stderr


def test_a_function_that_is_not_deployed_is_named(configure):
    missing = configure("--check")
    assert missing.returncode == 1
    assert f"{NAME}:$LATEST is not there; `zappa deploy {STAGE}` first." in missing.stderr


def test_too_few_connections_are_drift_too(function, configure, monkeypatch):
    monkeypatch.setenv("FOUNDRY_MAX_CONNECTIONS", "51")
    short = configure("--check")
    assert short.returncode == 1
    assert "44 invocations may run at once, for 43 connections" in short.stderr
