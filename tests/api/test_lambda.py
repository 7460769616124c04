"""The prototype's contract through Zappa's own handler, with the events its client sent; and who is trusted there."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.urls import clear_script_prefix
from zappa.handler import LambdaHandler

from foundry.accounts.models import Scope, User
from foundry.core.models import ServiceRequest

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
BODY = json.dumps({"dna_sequence": "ATCGGCTA"})
#: As the prototype's client made them.
GET = {"path": "/compute-dna/", "httpMethod": "GET", "requestContext": {}, "body": "{}"}
POST = {"path": "/compute-dna/", "httpMethod": "POST", "requestContext": {}, "body": BODY}
GATEWAY = {"requestContext": {"stage": "development", "identity": {"sourceIp": "198.51.100.7"}}}


@pytest.fixture(scope="session")
def zappa_settings(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The module that Zappa makes of zappa_settings.json and puts into the package."""
    folder = tmp_path_factory.mktemp("zappa")
    zappa = Path(sys.executable).with_name("zappa")
    made = folder / "zappa_settings.py"
    subprocess.run(
        [zappa, "save-python-settings-file", "development", "-s", ROOT / "zappa_settings.json", "-o", made],
        cwd=folder,
        env=os.environ | {"VIRTUAL_ENV": sys.prefix, "AWS_EC2_METADATA_DISABLED": "true"},
        check=True,
        capture_output=True,
    )
    spec = importlib.util.spec_from_file_location("zappa_settings", made)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def invoke(zappa_settings: Any, settings: Any) -> Iterator[Any]:
    """Invoke the function with an event; what Zappa changes in the process is put back."""
    settings.FOUNDRY_INVOKE_ACCOUNT = "robot"
    level = logging.getLogger().level
    fresh = {"settings": None, "settings_name": None, "_LambdaHandler__instance": None}
    with (
        mock.patch.dict(sys.modules, zappa_settings=zappa_settings),
        mock.patch.dict(os.environ),
        mock.patch.multiple(LambdaHandler, **fresh),
    ):
        yield _invoke
    logging.getLogger().setLevel(level)


def _invoke(event: dict[str, Any], **changes: Any) -> Any:
    try:
        return LambdaHandler.lambda_handler(event | changes, None)
    finally:
        clear_script_prefix()  # of the stage, which the test client would go on with


def test_get_answers_word_for_word(invoke):
    assert invoke(GET) == {"body": "Hello Zappa Prototype!", "statusCode": 200}


def test_post_answers_word_for_word(invoke):
    assert invoke(POST) == {"body": "Compute DNA Task Received.", "statusCode": 200}


def test_post_is_an_ordinary_request_of_the_invoke_account(invoke, api_of):
    invoke(POST)
    robot = api_of("robot", "robot", scopes=[Scope.READ])
    (shown,) = robot.get("/api/v1/requests").json()["requests"]
    assert (shown["service"], shown["owner"], shown["team"]) == ("compute-dna", "robot", "robot")
    assert (shown["state"], shown["items"]["succeeded"]) == ("succeeded", 1)
    (result,) = robot.get(shown["links"]["results"]).json()["results"]
    assert (result["name"], result["values"]["length"]) == ("dna_sequence", 8)


def test_each_invocation_is_a_request(invoke):
    invoke(POST)
    invoke(POST)
    assert ServiceRequest.objects.filter(owner__username="robot").count() == 2


@pytest.mark.parametrize("context", [{}, None])
def test_an_event_without_a_context_comes_from_who_may_invoke(context, invoke):
    event = {name: value for name, value in POST.items() if name != "requestContext"}
    assert invoke(event | ({} if context is None else {"requestContext": context}))["statusCode"] == 200


CONTEXTS = {
    "REST API": {"stage": "development", "resourcePath": "/{proxy+}", "identity": {"sourceIp": "198.51.100.7"}},
    "load balancer": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}},
    "forged authorizer": {"authorizer": {"principalId": "robot"}},
    "forged IAM caller": {"identity": {"userArn": "arn:aws:iam::123456789012:user/robot"}},
    "anything": {"x": None},
}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
@pytest.mark.parametrize("header", [None, "lambda.event", "lambda-event", "Remote-User", "X-Amzn-Trace-Id"])
def test_what_comes_over_http_needs_a_token(context, header, invoke):
    headers = {"Host": "api.example"} if header is None else {header: "{}", "host": "zappa", "Host": "zappa"}
    answer = invoke(POST, requestContext=context, headers=headers | {"Host": "localhost"})
    assert answer["statusCode"] == 401
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert not ServiceRequest.objects.exists()


def test_over_http_a_token_counts_and_not_the_invoke_account(invoke, owner):
    headers = {"Host": "localhost", "Authorization": f"Bearer {owner.secret}"}
    assert invoke(POST, headers=headers, **GATEWAY)["body"] == "Compute DNA Task Received."
    assert ServiceRequest.objects.get().owner.username == "owner"


def version_2(method: str = "POST", **changes: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/compute-dna/",
        "rawQueryString": "",
        "headers": {"host": "localhost", "content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": "/compute-dna/"}},
        "body": BODY,
        "isBase64Encoded": False,
    } | changes


def test_an_http_api_greets(invoke):
    answer = invoke(version_2("GET"))
    assert (answer["statusCode"], answer["body"]) == (200, "Hello Zappa Prototype!")


@pytest.mark.parametrize("authorizer", [None, {"lambda": {"principalId": "robot"}}, {"iam": {"userArn": "arn:robot"}}])
def test_an_http_api_or_function_url_needs_a_token(authorizer, invoke):
    context = {"http": {"method": "POST", "path": "/compute-dna/"}} | ({"authorizer": authorizer} if authorizer else {})
    assert invoke(version_2(requestContext=context))["statusCode"] == 401
    assert not ServiceRequest.objects.exists()


def test_an_http_api_takes_a_token(invoke, owner):
    headers = {"host": "localhost", "authorization": f"Bearer {owner.secret}"}
    assert invoke(version_2(headers=headers))["statusCode"] == 200


def test_a_direct_invoke_is_trusted_with_the_prototypes_address_only(invoke):
    answer = invoke(POST, path="/api/v1/requests", headers={})
    assert answer["statusCode"] == 401


def test_addresses_keep_the_stage_before_them(invoke, owner):
    headers = {"Authorization": f"Bearer {owner.secret}", "Content-Type": "application/json"}
    body = json.dumps({"service": "toy", "items": [{"number": 1}]})
    answer = invoke(POST, path="/api/v1/requests", body=body, headers=headers)
    shown = json.loads(answer["body"])
    assert answer["statusCode"] == 202
    assert urlsplit(answer["headers"]["Location"]).path == f"/development/api/v1/requests/{shown['id']}"
    page = json.loads(
        invoke(GET, path="/api/v1/requests", headers=headers, queryStringParameters={"limit": "1"})["body"]
    )
    assert page["requests"][0]["links"]["self"] == answer["headers"]["Location"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": None}, 400),
        ({"body": ""}, 400),
        ({"body": '{"dna_sequence": "\\ud800"}'}, 400),
        ({"body": '{"dna_sequence": "ATXG"}'}, 422),
        ({"httpMethod": "DELETE"}, 405),
        ({"httpMethod": "BREW"}, 405),
        ({"path": "/nothing"}, 404),
        ({"path": "/compute-dna/%00"}, 404),
        ({"headers": {"Host": "evil.example"}}, 400),
        ({"headers": {"Authorization": "Bearer \ud800"}, **GATEWAY}, 401),
        ({"headers": {"Idempotency-Key": "\ud800"}, "path": "/api/v1/requests"}, 401),
    ],
)
def test_no_event_leads_to_a_500(changes, status, invoke):
    assert invoke(POST, **changes)["statusCode"] == status


def test_an_invoke_account_that_is_not_active_is_refused(invoke):
    invoke(POST)
    User.objects.filter(username="robot").update(is_active=False)
    answer = invoke(POST)
    assert answer["statusCode"] == 403
    assert "'robot', which invokes act as, is not active" in answer["body"]
