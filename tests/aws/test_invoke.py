"""The function as it is deployed, on the local AWS: its zip, AWS's runtime, another invocation for what is computed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection

from foundry.accounts.models import Token
from foundry.client import Foundry, FoundryError
from foundry.core.models import Attempt, Job
from tests.localaws import LocalAws
from tests.localaws.client import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "foundry-development"
ITEM = {"name": "one", "sequence": "ATCGGCTA", "topology": "circular"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(home=tmp_path_factory.mktemp("aws"), environments=4, retry_seconds=0.2) as server:
        yield server


@pytest.fixture(scope="module")
def deployed(aws: LocalAws, package: Any) -> None:
    """One function that does everything, and an alias for its operators."""
    policy = {"Version": "2012-10-17", "Statement": []}
    role = aws.client("iam").create_role(RoleName="foundry", AssumeRolePolicyDocument=json.dumps(policy))
    client = aws.client("lambda")
    client.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="foundry.aws.entry.handler",
        Code={"ZipFile": Path(package("development")).read_bytes()},
        Timeout=400,
        MemorySize=1024,
    )
    client.create_alias(FunctionName=NAME, Name="operator", FunctionVersion="$LATEST")


@pytest.fixture
def function(aws: LocalAws, deployed: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function, with the test's own database; what it returns, and its error or an empty text."""
    configure(aws, DATABASE_URL=database_url())
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)

    def invoke(event: Any, **options: Any) -> tuple[Any, str]:
        answer = aws.client("lambda").invoke(FunctionName=NAME, Payload=json.dumps(event), **options)
        return json.load(answer["Payload"]), answer.get("FunctionError", "")

    yield invoke
    aws.settle()


def configure(aws: LocalAws, **environment: str) -> None:
    variables = {"FOUNDRY_DISPATCHER": "foundry.aws.dispatcher.LambdaDispatcher", **environment}
    aws.client("lambda").update_function_configuration(FunctionName=NAME, Environment={"Variables": variables})


def database_url() -> str:
    """Of the test's database, as another process reaches it."""
    told = connection.settings_dict
    query = urlencode({"host": told["HOST"], **({"port": told["PORT"]} if told["PORT"] else {})})
    return f"postgresql://{quote(told['USER'])}:{quote(told['PASSWORD'])}@/{told['NAME']}?{query}"


def test_the_prototypes_two_invokes(function, aws):
    event = {"path": "/compute-dna/", "httpMethod": "GET", "requestContext": {}, "body": "{}"}
    assert function(event) == ({"statusCode": 200, "body": "Hello Zappa Prototype!"}, "")
    body = json.dumps({"dna_sequence": "ATCGGCTA"})
    answered = function(event | {"httpMethod": "POST", "body": body})
    assert answered == ({"statusCode": 200, "body": "Compute DNA Task Received."}, "")
    aws.settle()
    job = Job.objects.get()
    assert (job.state, job.release) == ("succeeded", f"{NAME}:$LATEST")


def test_a_service_request_is_computed_by_another_invocation(function, aws):
    answer, error = function({"service": "compute-dna", "items": [ITEM], "label": "mine"})
    assert (answer["status"], error) == (202, "")
    aws.settle()
    shown, _ = function({"httpMethod": "GET", "path": answer["links"]["results"]})
    (result,) = json.loads(shown["body"])["results"]
    assert result["values"]["length"] == 8
    attempt = Attempt.objects.get()
    assert attempt.billed_ms > 0
    invocations = [entry for entry in aws.journal() if entry["what"] == "invoked"]
    assert {entry["how"] for entry in invocations} >= {"sync", "event"}


def test_the_client_goes_the_whole_way(function, tmp_path):
    foundry = Foundry(function=NAME)
    request = foundry.submit("compute-dna", [ITEM, ITEM | {"name": "bad", "sequence": "X"}])
    ended = foundry.wait(request, timeout=60)
    assert (ended.state, ended.items.succeeded, ended.items.failed) == ("partial", 1, 1)
    assert [result.position for result in foundry.results(request)] == [1, 2]
    with pytest.raises(FoundryError, match="The token is unknown"):
        Foundry(function=NAME, token="fdy_no").services()


def test_operators_make_tokens_through_their_alias_and_others_do_not(function):
    command = {"manage": "token create 'of the portal' --user portal --team portal"}
    told, error = function(command)
    assert (error, told["errorType"]) == ("Unhandled", "RefusedEventError")
    answer, error = function(command, Qualifier="operator")
    assert (error, answer["output"].startswith("fdy_")) == ("", True)
    assert Token.objects.get().name == "of the portal"


@pytest.mark.parametrize(
    "event",
    [
        {"raw_command": "open('/tmp/x', 'w')"},
        {"command": "os.getcwd"},
        {"command": "zappa.asynchronous.route_lambda_task", "task_path": "os.getcwd", "args": [], "kwargs": {}},
        {"manage": "shell -c 1"},
    ],
)
def test_code_is_not_run(event, function):
    told, error = function(event)
    assert (error, told["errorType"]) == ("Unhandled", "RefusedEventError")
    assert "This function takes" in told["errorMessage"] or "It has" in told["errorMessage"]


@pytest.mark.usefixtures("function")
def test_zappas_own_command_line_manages_and_is_told_what_it_may_not():
    def manage(command: str) -> subprocess.CompletedProcess[str]:
        zappa = Path(sys.executable).with_name("zappa")
        return subprocess.run(
            [zappa, "manage", "development", command], cwd=ROOT, capture_output=True, text=True, env=os.environ
        )

    migrated = manage("migrate --noinput")
    assert (migrated.returncode, "No migrations to apply" in migrated.stdout) == (0, True)
    refused = manage("migrate core zero")
    assert (refused.returncode, "is for operators" in refused.stdout) == (1, True)


@pytest.mark.parametrize("version", ["1.0", "2.0"], ids=["REST API", "HTTP API"])
def test_over_http_a_token_is_needed_and_counts(version, function, aws, api_of):
    url = aws.front(NAME, stage="development", version=version)
    with pytest.raises(FoundryError, match="The token is unknown") as error:
        Foundry(url, "fdy_no").services()
    assert error.value.status == 401
    foundry = Foundry(url, api_of("owner", "team").secret)
    request = foundry.wait(foundry.submit("compute-dna", [ITEM]), timeout=60)
    assert (request.owner, request.state) == ("owner", "succeeded")


def test_after_a_start_that_failed_the_next_one_is_clean(function, aws):
    configure(aws, DATABASE_URL="mysql://x")
    event = {"path": "/compute-dna/", "httpMethod": "GET"}
    told, error = function(event)
    assert (error, "PostgreSQL only" in told["errorMessage"]) == ("Unhandled", True)
    configure(aws, DATABASE_URL=database_url())
    assert function(event)[0]["statusCode"] == 200


def test_an_answer_over_six_megabytes_is_told_before_lambda_fails_with_it(function, aws):
    foundry = Foundry(function=NAME)
    items = [ITEM | {"name": f"{number}-{'n' * 180}", "sequence": "ATCG" * (number % 97 + 3)} for number in range(6000)]
    request = foundry.wait(foundry.submit("compute-dna", items), timeout=120)
    query = {"queryStringParameters": {"format": "ndjson"}}
    shown, error = function({"httpMethod": "GET", "path": f"/api/v1/requests/{request.id}/results", **query})
    assert (error, shown["statusCode"]) == ("", 413)
    assert sum(1 for _ in foundry.results(request)) == 6000
