"""The stacks, made and removed on the local AWS by `python -m infra`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import stacks
from infra.__main__ import main
from tests.aws import infrastructure
from tests.aws.rights import Rights
from tests.localaws import LocalAws
from tests.localaws.client import ACCOUNT, REGION

STAND_INS = {"GitHub.Arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}
PASSWORD = {"username": "foundry", "password": "secret"}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(home=tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def production(aws: LocalAws) -> dict[str, str]:
    return infrastructure.make(aws, "production", password=PASSWORD)


@pytest.fixture(scope="module")
def ci(aws: LocalAws, production: dict[str, str]) -> str:
    """The name of the role that GitHub's jobs get."""
    with infrastructure.command(aws, STAND_INS):
        assert main(["up", "production", "ci", "--set", "Repository=laboratory/foundry", "--set", "ApiId=abc"]) == 0
    infrastructure.attach(aws, "production", "ci")
    return "foundry-production-ci"


def test_the_stacks_give_what_a_deploy_asks_for(production: dict[str, str]) -> None:
    assert {
        "FOUNDRY_DEPLOY_BUCKET",
        "FOUNDRY_ARTIFACT_BUCKET",
        "FOUNDRY_SUBNETS",
        "FOUNDRY_SECURITY_GROUPS",
        "FOUNDRY_FAILURE_QUEUE",
        "FOUNDRY_DATABASE_SECRET",
        "FOUNDRY_DATABASE_HOST",
        "FOUNDRY_DATABASE_PORT",
        "FOUNDRY_DATABASE_NAME",
        "FOUNDRY_MAX_CONNECTIONS",
        "FOUNDRY_SECRET_KEY_SECRET",
        "FOUNDRY_ROLE_PRODUCTION",
        "FOUNDRY_ROLE_PRODUCTION_COMPUTE_DNA",
        "FOUNDRY_ROLE_PRODUCTION_SCREEN_SYNTHESIS",
    } == set(production)
    assert len(production["FOUNDRY_SUBNETS"].split(",")) == 2
    assert production["FOUNDRY_ROLE_PRODUCTION"].startswith(f"arn:aws:iam::{ACCOUNT}:role/foundry/production/")


def test_env_prints_them_as_lines(aws: LocalAws, production: dict[str, str]) -> None:
    command = [sys.executable, "-m", "infra", "env", "production"]
    printed = subprocess.run(command, env=aws.environ, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert dict(line.split("=", 1) for line in printed.splitlines()) == production


def test_a_shell_takes_them_as_they_are(aws: LocalAws, production: dict[str, str]) -> None:
    prices = "eu 2026-11; 0.00002; 0.0000002"
    with infrastructure.command(aws, infrastructure.stand_ins(production)):
        assert main(["up", "production", "platform", "--set", f"Prices={prices}"]) == 0
    read = f'eval "$({sys.executable} -m infra env --shell production)"; env -0'
    shown = subprocess.run(["bash", "-e", "-c", read], env=aws.environ, stdout=subprocess.PIPE, text=True, check=True)
    found = dict(line.split("=", 1) for line in shown.stdout.split("\0") if line)
    with infrastructure.command(aws, infrastructure.stand_ins(production)):
        assert main(["up", "production", "platform", "--set", "Prices="]) == 0
    assert found.items() >= (production | {"FOUNDRY_PRICES": prices}).items()


def test_a_parameter_that_no_template_has_is_an_error(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    with infrastructure.command(aws, STAND_INS):
        assert main(["up", "production", "network", "--set", "WayOt=nat"]) == 1
    assert "WayOt" in capsys.readouterr().err


def test_a_stack_that_there_is_not_is_an_error(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    with infrastructure.command(aws, STAND_INS):
        assert main(["up", "production", "databse"]) == 1
    assert "databse" in capsys.readouterr().err


def test_what_a_service_may(aws: LocalAws, production: dict[str, str]) -> None:
    role = production["FOUNDRY_ROLE_PRODUCTION_COMPUTE_DNA"]
    may = Rights(aws, role)
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/foundry-production"
    assert may("secretsmanager:GetSecretValue", production["FOUNDRY_DATABASE_SECRET"])
    assert may("sqs:SendMessage", production["FOUNDRY_FAILURE_QUEUE"])
    assert not may("sqs:ReceiveMessage", production["FOUNDRY_FAILURE_QUEUE"])
    assert may("logs:PutLogEvents", f"{log}-compute-dna:log-stream:1")
    assert not may("logs:PutLogEvents", f"{log}:log-stream:1")
    assert not may("logs:PutLogEvents", f"{log}-screen-synthesis:log-stream:1")
    for qualifier in ("", ":7", ":$LATEST", ":operator"):
        assert not may("lambda:InvokeFunction", f"{FUNCTION}foundry-production{qualifier}")
    assert may("lambda:InvokeFunction", f"{FUNCTION}foundry-production:postman")
    assert not may("lambda:InvokeFunction", f"{FUNCTION}foundry-review:postman")
    assert may("lambda:InvokeFunction", f"{FUNCTION}foundry-production-compute-dna:7")
    assert not may("lambda:InvokeFunction", f"{FUNCTION}foundry-production-compute-dna:operator")
    assert not may("lambda:InvokeFunction", f"{FUNCTION}foundry-production-screen-synthesis:7")
    assert not may("s3:PutObject", f"arn:aws:s3:::{production['FOUNDRY_ARTIFACT_BUCKET']}/a")
    assert not may("secretsmanager:GetSecretValue", production["FOUNDRY_SECRET_KEY_SECRET"])
    assert not may("iam:PassRole", role)
    assert {action.split(":")[0] for action in may.actions} == {
        "ec2", "lambda", "logs", "rds-db", "secretsmanager", "sqs",
    }  # fmt: skip


def test_what_the_api_may(aws: LocalAws, production: dict[str, str]) -> None:
    may = Rights(aws, production["FOUNDRY_ROLE_PRODUCTION"])
    for function in ("foundry-production", "foundry-production-compute-dna", "foundry-production-screen-synthesis:7"):
        assert may("lambda:InvokeFunction", FUNCTION + function)
    assert not may("lambda:InvokeFunction", f"{FUNCTION}foundry-production:operator")
    assert not may("lambda:InvokeFunction", f"{FUNCTION}foundry-review")
    assert not may("lambda:InvokeFunction", f"{FUNCTION}foundry-production-new-service")
    assert not may("lambda:UpdateFunctionCode", f"{FUNCTION}foundry-production")
    for action in ("sqs:SendMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"):
        assert may(action, production["FOUNDRY_FAILURE_QUEUE"])
        assert not may(action, f"arn:aws:sqs:{REGION}:{ACCOUNT}:another")
    bucket = f"arn:aws:s3:::{production['FOUNDRY_ARTIFACT_BUCKET']}"
    assert may("s3:PutObject", f"{bucket}/files/1/a")
    assert may("s3:GetObject", f"{bucket}/files/1/a")
    assert not may("s3:PutObject", f"{bucket}/a")
    assert not may("s3:ListBucket", bucket)
    assert not may("s3:DeleteObject", f"{bucket}/files/1/a")
    assert not may("s3:GetObject", f"arn:aws:s3:::{production['FOUNDRY_DEPLOY_BUCKET']}/a")
    assert not may("ses:SendRawEmail", f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.org")


def test_what_ci_may(aws: LocalAws, production: dict[str, str], ci: str) -> None:
    may = Rights(aws, f"arn:aws:iam::{ACCOUNT}:role/{ci}")
    assert may("lambda:UpdateFunctionCode", f"{FUNCTION}foundry-production-compute-dna")
    assert may("lambda:InvokeFunction", f"{FUNCTION}foundry-production:operator")
    assert not may("lambda:UpdateFunctionCode", f"{FUNCTION}foundry-review")
    assert not may("lambda:UpdateFunctionCode", f"{FUNCTION}foundry-productionx")
    assert may("iam:PassRole", production["FOUNDRY_ROLE_PRODUCTION_COMPUTE_DNA"])
    assert not may("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin")
    assert not may("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{ci}")
    assert may("s3:PutObject", f"arn:aws:s3:::{production['FOUNDRY_DEPLOY_BUCKET']}/package.zip")
    assert not may("s3:GetObject", f"arn:aws:s3:::{production['FOUNDRY_ARTIFACT_BUCKET']}/a")
    assert not may("secretsmanager:GetSecretValue", production["FOUNDRY_DATABASE_SECRET"])
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/"
    assert may("cloudformation:UpdateStack", f"{stack}foundry-production/1")
    assert not may("cloudformation:UpdateStack", f"{stack}foundry-production-database/1")


def test_ci_may_change_the_stages_rest_api_and_no_other(aws: LocalAws, ci: str) -> None:
    may, apis = Rights(aws, f"arn:aws:iam::{ACCOUNT}:role/{ci}"), f"arn:aws:apigateway:{REGION}::/restapis"
    for verb in ("PATCH", "POST", "DELETE"):
        assert may(f"apigateway:{verb}", f"{apis}/abc/stages/production")
        assert not may(f"apigateway:{verb}", f"{apis}/abcd/stages/production")
        assert not may(f"apigateway:{verb}", apis)


def test_ci_of_a_stage_without_a_rest_api_may_change_none(tmp_path: Path) -> None:
    with LocalAws(home=tmp_path) as other:
        infrastructure.make(other, "review", password=PASSWORD)
        with infrastructure.command(other, STAND_INS):
            assert main(["up", "review", "ci", "--set", "Repository=laboratory/foundry"]) == 0
        infrastructure.attach(other, "review", "ci")
        may = Rights(other, f"arn:aws:iam::{ACCOUNT}:role/foundry-review-ci")
    assert may("lambda:UpdateFunctionCode", f"{FUNCTION}foundry-review")
    assert not [action for action in may.actions if action.startswith("apigateway:")]


def test_only_the_github_environment_of_the_repository_gets_the_role(aws: LocalAws, ci: str) -> None:
    role = aws.client("iam").get_role(RoleName=ci)["Role"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:laboratory/foundry:environment:production",
    }


def test_a_stage_from_its_making_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalAws(home=tmp_path) as aws:
        made = infrastructure.make(aws, "production", password=PASSWORD)
        check_a_second_time_changes_nothing(aws, made, capsys)
        check_what_was_set_stays(aws, made)
        infrastructure.remove(aws, "production")
        check_nothing_is_left(aws, made)
        check_the_network_has_one_way_out(aws, "nat", "--set", "WayOut=nat")
        infrastructure.remove(aws, "production")
        check_the_network_has_one_way_out(aws, "endpoints", "--set", "EndpointZones=2")


def check_the_network_has_one_way_out(aws: LocalAws, way: str, *parameters: str) -> None:
    with infrastructure.command(aws, {}):
        assert main(["up", "production", "network", *parameters]) == 0
    [stack] = aws.client("cloudformation").describe_stacks(StackName="foundry-network")["Stacks"]
    [vpc] = [each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "VpcId"]
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    gateways = aws.client("ec2").describe_nat_gateways(Filters=here)["NatGateways"]
    endpoints = aws.client("ec2").describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    interfaces = [each for each in endpoints if each["VpcEndpointType"] == "Interface"]
    assert len(gateways) == (1 if way == "nat" else 0)
    assert [len(each["SubnetIds"]) for each in interfaces] == ([2, 2, 2] if way == "endpoints" else [])


def check_a_second_time_changes_nothing(
    aws: LocalAws, made: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """moto takes a number for a change of itself, so only stacks without numbers are said to be unchanged."""
    capsys.readouterr()
    with infrastructure.command(aws, infrastructure.stand_ins(made)):
        assert main(["up", "production"]) == 0
    assert "foundry-network: unchanged\n" in capsys.readouterr().out
    assert dict(stacks.variables(aws.client("cloudformation"), "production")) == made


def check_what_was_set_stays(aws: LocalAws, made: dict[str, str]) -> None:
    with infrastructure.command(aws, infrastructure.stand_ins(made)):
        assert main(["up", "production", "platform", "--set", "ArtifactDays=7"]) == 0
        assert main(["up", "production", "platform", "--set", "MonthlyBudget=20"]) == 0
    [stack] = aws.client("cloudformation").describe_stacks(StackName="foundry-production-platform")["Stacks"]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert (values["ArtifactDays"], values["MonthlyBudget"], values["Stage"]) == ("7", "20", "production")


def check_nothing_is_left(aws: LocalAws, made: dict[str, str]) -> None:
    """Managed policies are not looked for: moto does not delete those of a stack."""
    cloudformation = aws.client("cloudformation")
    assert [each["StackName"] for each in cloudformation.describe_stacks()["Stacks"]] == []
    assert aws.client("rds").describe_db_instances()["DBInstances"] == []
    assert [each for each in aws.client("ec2").describe_vpcs()["Vpcs"] if not each["IsDefault"]] == []
    assert aws.client("iam").list_roles(PathPrefix="/foundry/")["Roles"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    left = {each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]}
    assert made["FOUNDRY_DEPLOY_BUCKET"] not in left
