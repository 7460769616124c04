"""What the account says reaches Zappa, and what is missing is named."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from click import ClickException

from deploy import policy, settings, stages, variables

ACCOUNT = {
    "FOUNDRY_ROLE_PRODUCTION": "arn:aws:iam::123456789012:role/api",
    "FOUNDRY_DEPLOY_BUCKET": "packages",
    "FOUNDRY_SUBNETS": "subnet-1, subnet-2",
    "FOUNDRY_SECURITY_GROUPS": "sg-1",
    "FOUNDRY_FAILURE_QUEUE": "arn:aws:sqs:us-east-1:123456789012:failures",
    "FOUNDRY_SECRET_KEY_SECRET": "arn:aws:secretsmanager:us-east-1:123456789012:secret:key",
    "FOUNDRY_DATABASE_SECRET": "arn:aws:secretsmanager:us-east-1:123456789012:secret:database",
}


@pytest.fixture(autouse=True)
def _account(monkeypatch):
    for variable in variables.VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")


@pytest.fixture
def account(monkeypatch):
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)


def cli(stage: str, command: str) -> Any:
    """What of Zappa's command line is read and set."""
    return SimpleNamespace(
        api_stage=stage,
        command=command,
        s3_bucket_name="zappa-random",
        manage_roles=bool(stages.get(stage).settings.get("manage_roles", True)),
        zappa=SimpleNamespace(),
        override_stage_config_setting=lambda name, value: None,
    )


def test_all_that_is_missing_is_named_at_once_with_its_purpose():
    with pytest.raises(ClickException) as error:
        settings.fill(cli("production", "deploy"))
    named = error.value.message.splitlines()[1:]
    assert {line.strip().partition(":")[0] for line in named} == {
        *(ACCOUNT.keys() - {"FOUNDRY_DATABASE_SECRET"}),
        "FOUNDRY_DATABASE_SECRET or DATABASE_URL",
    }
    assert all(line.partition(": ")[2] for line in named)


def test_each_stage_has_a_role_of_its_own(account):
    with pytest.raises(ClickException, match="FOUNDRY_ROLE_PRODUCTION_COMPUTE_DNA: "):
        settings.fill(cli("production_compute_dna", "update"))


@pytest.mark.parametrize("command", ["undeploy", "status", "tail", "manage"])
def test_what_deploys_nothing_needs_nothing(command):
    settings.fill(cli("production", command))


def test_production_becomes_what_the_account_says(account):
    filled = cli("production", "status")
    settings.fill(filled)
    assert filled.s3_bucket_name == "packages"
    assert filled.vpc_config == {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert filled.zappa.credentials_arn == ACCOUNT["FOUNDRY_ROLE_PRODUCTION"]
    assert filled.manage_roles is False
    assert filled.aws_environment_variables == {
        "FOUNDRY_DISPATCHER": "foundry.aws.dispatcher.LambdaDispatcher",
        "FOUNDRY_PRODUCTION": "1",
        "FOUNDRY_COMPUTED_ELSEWHERE": "compute-dna,screen-synthesis",
        "FOUNDRY_ALLOWED_HOSTS": ".execute-api.eu-north-1.amazonaws.com",
        "FOUNDRY_DATABASE_SECRET": ACCOUNT["FOUNDRY_DATABASE_SECRET"],
        "FOUNDRY_SECRET_KEY_SECRET": ACCOUNT["FOUNDRY_SECRET_KEY_SECRET"],
        "FOUNDRY_FAILURE_QUEUE": ACCOUNT["FOUNDRY_FAILURE_QUEUE"],
    }


def test_a_domain_is_a_host_the_api_answers_to(account, monkeypatch):
    monkeypatch.setenv("FOUNDRY_DOMAIN", "api.foundry.example")
    found = settings.function_variables(stages.get("production"))
    assert found["FOUNDRY_ALLOWED_HOSTS"] == "api.foundry.example,.execute-api.eu-north-1.amazonaws.com"
    assert found["FOUNDRY_PUBLIC_URL"] == "https://api.foundry.example"
    monkeypatch.setenv("FOUNDRY_PUBLIC_URL", "https://foundry.example/lab")
    assert settings.function_variables(stages.get("production"))["FOUNDRY_PUBLIC_URL"] == "https://foundry.example/lab"


def test_a_services_function_is_told_of_its_own_package_alone(account, monkeypatch):
    monkeypatch.setenv("FOUNDRY_SERVICES", "services,ourlab.services")
    monkeypatch.setattr(stages, "packages", lambda: {"compute-dna": "ourlab.services.compute_dna"})
    assert settings.function_variables(stages.get("production"))["FOUNDRY_SERVICES"] == "services,ourlab.services"
    own = settings.function_variables(stages.get("production_compute_dna"))
    assert own["FOUNDRY_SERVICES"] == "ourlab.services"


def test_a_services_function_has_the_apis_send_its_messages(account):
    assert settings.function_variables(stages.get("production_compute_dna"))["FOUNDRY_POSTMAN"] == (
        "foundry-production:postman"
    )


def test_development_needs_a_database_only(monkeypatch):
    with pytest.raises(
        ClickException, match=r"set in the environment:\n  FOUNDRY_DATABASE_SECRET or DATABASE_URL: [^\n]*$"
    ):
        settings.fill(cli("development", "deploy"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://foundry@/foundry?host=/tmp/postgres")
    variables.require(stages.get("development"))
    filled = cli("development", "status")
    settings.fill(filled)
    assert (filled.manage_roles, filled.s3_bucket_name, filled.vpc_config) == (True, "zappa-random", {})


@pytest.mark.parametrize(
    "given",
    [
        {"DATABASE_URL": "postgresql://foundry@db.example/foundry"},
        {"DATABASE_URL": "postgresql://foundry@127.0.0.1/foundry", "FOUNDRY_DATABASE_HOST": "db.example"},
        {"FOUNDRY_DATABASE_SECRET": ACCOUNT["FOUNDRY_DATABASE_SECRET"]},
    ],
)
def test_a_database_elsewhere_makes_every_stage_need_a_key(given, monkeypatch):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ClickException, match=r"set in the environment:\n  FOUNDRY_SECRET_KEY_SECRET: [^\n]*$"):
        settings.fill(cli("development", "deploy"))


def test_subnets_without_security_groups_are_half_a_network(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://foundry@127.0.0.1/foundry")
    monkeypatch.setenv("FOUNDRY_SUBNETS", "subnet-1")
    with pytest.raises(ClickException, match="FOUNDRY_SECURITY_GROUPS"):
        settings.fill(cli("development", "deploy"))


def test_the_role_that_zappa_makes_opens_nothing_but_what_is_named(account, monkeypatch):
    monkeypatch.setenv("FOUNDRY_ARTIFACT_BUCKET", "files")
    statements = json.loads(policy.document(stages.get("development")))["Statement"]
    resources = {action: statement["Resource"] for statement in statements for action in statement["Action"]}
    assert resources["lambda:InvokeFunction"] == [
        "arn:aws:lambda:*:*:function:foundry-development",
        "arn:aws:lambda:*:*:function:foundry-development:*",
    ]
    assert resources["secretsmanager:GetSecretValue"] == [
        ACCOUNT["FOUNDRY_DATABASE_SECRET"],
        ACCOUNT["FOUNDRY_SECRET_KEY_SECRET"],
    ]
    queue = [ACCOUNT["FOUNDRY_FAILURE_QUEUE"]]
    assert resources["sqs:SendMessage"] == resources["sqs:ReceiveMessage"] == resources["sqs:DeleteMessage"] == queue
    assert resources["s3:PutObject"] == resources["s3:GetObject"] == ["arn:aws:s3:::files/files/*"]
    everywhere = {action for action, places in resources.items() if places == ["*"]}
    assert {action.split(":")[0] for action in everywhere} == {"ec2"}
    assert not [action for action in resources if "*" in action]


def test_without_a_network_the_role_opens_no_network():
    assert "ec2:" not in policy.document(stages.get("development"))
