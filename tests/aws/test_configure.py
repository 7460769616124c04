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
ROLE = f"FOUNDRY_ROLE_{STAGE.upper()}"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failures"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(home=tmp_path_factory.mktemp("aws"), environments=2) as server:
        yield server


@pytest.fixture(scope="module")
def account(aws: LocalAws) -> dict[str, str]:
    """An account's variables."""
    return network(aws) | {
        "FOUNDRY_DEPLOY_BUCKET": "packages",
        "FOUNDRY_FAILURE_QUEUE": QUEUE,
        "FOUNDRY_MAX_CONNECTIONS": "100",
        "FOUNDRY_SECRET_KEY_SECRET": "arn:aws:secretsmanager:us-east-1:123456789012:secret:key",
        "DATABASE_URL": "postgresql://foundry:hidden@db.example/foundry",
        "FOUNDRY_SERVICES": "services",
    }


def network(aws: LocalAws) -> dict[str, str]:
    """Where functions run, and as what."""
    client = aws.client("ec2")
    subnet = client.describe_subnets()["Subnets"][0]
    groups = client.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])
    role = aws.client("iam").create_role(RoleName="service", AssumeRolePolicyDocument="{}")["Role"]
    return {
        "FOUNDRY_SUBNETS": subnet["SubnetId"],
        "FOUNDRY_SECURITY_GROUPS": groups["SecurityGroups"][0]["GroupId"],
        ROLE: role["Arn"],
    }


@pytest.fixture
def function(aws: LocalAws, account: dict[str, str]) -> Iterator[Any]:
    """Lambda's client, and a function."""
    client = create(aws, account[ROLE])
    yield client
    client.delete_function(FunctionName=NAME)


def create(aws: LocalAws, role: str, name: str = NAME) -> Any:
    """Lambda's client, and the function as somebody made it who knew nothing of what it should be."""
    client = aws.client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("entry.py", "def handler(event, context): return event")
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="entry.handler",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"LEFT_OVER": "1"}},
        DeadLetterConfig={"TargetArn": QUEUE},
        Publish=True,
    )
    return client


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

    def run(*flags: str, stage: str = STAGE) -> Finished:
        return Finished(main(["configure", stage, *flags]), *capsys.readouterr())

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


def test_changes_that_take_their_time_are_waited_for(tmp_path, account, monkeypatch, capsys):
    with LocalAws(home=tmp_path, environments=2, settling_seconds=0.3) as slow:
        variables = slow.environ | account | network(slow)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        client = create(slow, variables[ROLE])
        client.update_function_configuration(FunctionName=NAME, Timeout=7)  # as somebody else may just now
        assert main(["configure", STAGE]) == 0, capsys.readouterr().err
        version = client.get_alias(FunctionName=NAME, Name="operator")["FunctionVersion"]
        released = client.get_function_configuration(FunctionName=NAME, Qualifier=version)
        assert (released["State"], released["Timeout"]) == ("Active", 180)


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


@pytest.fixture
def api(aws: LocalAws, account: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The API's function and its REST API, as Zappa leaves them; where the stage is."""
    monkeypatch.setenv("FOUNDRY_ROLE_PRODUCTION", account[ROLE])
    client = create(aws, account[ROLE], "foundry-production")
    gateway = aws.client("apigateway")
    for name in ("another", "foundry-production"):
        rest = gateway.create_rest_api(name=name)
        [root] = gateway.get_resources(restApiId=rest["id"])["items"]
        where = {"restApiId": rest["id"], "resourceId": root["id"], "httpMethod": "GET"}
        gateway.put_method(**where, authorizationType="NONE")
        gateway.put_integration(**where, type="MOCK")
        gateway.create_deployment(restApiId=rest["id"], stageName="production")
    yield {"restApiId": rest["id"], "stageName": "production"}
    for each in gateway.get_rest_apis()["items"]:
        gateway.delete_rest_api(restApiId=each["id"])
    client.delete_function(FunctionName="foundry-production")


def test_a_rest_api_takes_so_many_requests_and_no_more(aws, configure, api):
    assert configure(stage="production").returncode == 0
    gateway = aws.client("apigateway")
    limits = gateway.get_stage(**api)["methodSettings"]["*/*"]
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (50, 40)
    more = {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "5000"}
    gateway.update_stage(**api, patchOperations=[more])
    checked = configure("--check", stage="production")
    assert checked.returncode == 1
    [drifted] = [line for line in checked.stdout.splitlines() if line.startswith("drift")]
    assert "requests to the REST API" in drifted
    assert configure(stage="production").returncode == configure("--check", stage="production").returncode == 0


def test_a_rest_api_that_is_not_there_is_named(aws, configure, api):
    aws.client("apigateway").delete_rest_api(restApiId=api["restApiId"])
    assert "foundry-production has no REST API; `zappa update production`" in configure(stage="production").stderr


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
