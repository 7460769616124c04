"""A deployed function and its database: the secret's ARN is all it is given, and it outlives a rotation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import slots
from tests.database.postgres import TcpServer
from tests.localaws import LocalAws

NAME = "foundry-development"
POST = {
    "path": "/compute-dna/",
    "httpMethod": "POST",
    "requestContext": {},
    "body": json.dumps({"dna_sequence": "ATCGGCTA"}),
}
SERVED = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TcpServer]:
    with slots.served(tmp_path_factory.mktemp("database")) as server:
        yield server


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(home=tmp_path_factory.mktemp("aws"), environments=4, retry_seconds=0.2) as started:
        yield started


@pytest.fixture(scope="module")
def secret(aws: LocalAws, server: TcpServer) -> str:
    where = {"host": "127.0.0.1", "port": int(server.PORT), "dbname": server.DATABASE}
    values = {"engine": "postgres", "username": slots.USER, "password": slots.PASSWORD} | where
    created = aws.client("secretsmanager").create_secret(Name="database", SecretString=json.dumps(values))
    return str(created["ARN"])


@pytest.fixture(scope="module")
def submit(aws: LocalAws, package: Callable[..., Path], secret: str) -> Callable[[], Any]:
    """Submit to the function and wait until what it started has ended."""
    policy = {"Version": "2012-10-17", "Statement": []}
    role = aws.client("iam").create_role(RoleName="foundry", AssumeRolePolicyDocument=json.dumps(policy))
    variables = {
        "FOUNDRY_DISPATCHER": "foundry.aws.dispatcher.LambdaDispatcher",
        "FOUNDRY_DATABASE_SECRET": secret,
        "FOUNDRY_SECRET_KEY": "x" * 64,
    }
    aws.client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="foundry.aws.entry.handler",
        Code={"ZipFile": package("development").read_bytes()},
        Timeout=400,
        MemorySize=1024,
        Environment={"Variables": variables},
    )

    def submit() -> Any:
        answer = aws.client("lambda").invoke(FunctionName=NAME, Payload=json.dumps(POST))
        told = json.load(answer["Payload"])
        aws.settle()
        return told

    return submit


def test_the_arn_of_a_secret_is_enough_and_survives_a_rotation(submit, aws, server, secret):
    assert submit()["body"] == "Compute DNA Task Received."
    assert server.sql("SELECT count(*) FROM core_job WHERE state = 'succeeded'") == 1
    # Warm environments wait for the next event now, and hold nothing.
    assert server.sql(SERVED, [slots.USER]) == 0

    manager = aws.client("secretsmanager")
    values = json.loads(manager.get_secret_value(SecretId=secret)["SecretString"])
    server.set_password(slots.USER, "rotated")
    manager.put_secret_value(SecretId=secret, SecretString=json.dumps(values | {"password": "rotated"}))
    before = aws.journal()[-1]["number"]
    assert submit()["body"] == "Compute DNA Task Received."
    assert not any(entry["cold"] for entry in aws.journal(before) if entry["what"] == "invoked")
    assert server.sql("SELECT count(*) FROM core_job WHERE state = 'succeeded'") == 2
    assert server.sql("SELECT count(*) FROM core_attempt WHERE state <> 'succeeded'") == 0
    assert server.sql(SERVED, [slots.USER]) == 0
