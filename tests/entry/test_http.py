"""The prototype's contract with the events its client sent; HTTP events of all fronts, and who is trusted there."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from foundry.accounts.models import Scope, User
from foundry.core.models import ServiceRequest

pytestmark = pytest.mark.django_db(transaction=True)

BODY = json.dumps({"dna_sequence": "ATCGGCTA"})
#: As the prototype's client made them.
GET = {"path": "/compute-dna/", "httpMethod": "GET", "requestContext": {}, "body": "{}"}
POST = {"path": "/compute-dna/", "httpMethod": "POST", "requestContext": {}, "body": BODY}
GATEWAY = {"requestContext": {"stage": "development", "identity": {"sourceIp": "198.51.100.7"}}}


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


API = "/api/v1/requests"
SUBMISSION = json.dumps({"service": "toy", "items": [{"number": 1}]})
JSON = {"Content-Type": "application/json"}


def test_a_direct_invoke_reads_and_writes_as_the_invoke_account(invoke):
    answer = invoke(POST, path=API, body=SUBMISSION, headers=JSON)
    shown = json.loads(answer["body"])
    assert (answer["statusCode"], shown["owner"]) == (202, "robot")
    (listed,) = json.loads(invoke(GET, path=API)["body"])["requests"]
    assert (listed["id"], listed["state"]) == (shown["id"], "succeeded")


def test_a_direct_invoke_may_not_raise_the_priority(invoke):
    body = json.dumps(json.loads(SUBMISSION) | {"priority": 1})
    assert invoke(POST, path=API, body=body, headers=JSON)["statusCode"] == 403


def test_in_a_direct_invoke_a_token_counts_if_one_is_given(invoke, owner, stranger):
    bearer = JSON | {"Authorization": f"Bearer {owner.secret}"}
    answer = invoke(POST, path=API, body=SUBMISSION, headers=bearer)
    assert json.loads(answer["body"])["owner"] == "owner"
    assert json.loads(invoke(GET, path=API)["body"])["requests"] == []
    assert json.loads(invoke(GET, path=API, headers={"authorization": f"Bearer {stranger.secret}"})["body"]) == {
        "requests": [],
        "next": None,
    }


@pytest.mark.parametrize("given", ["Bearer fdy_no", "Bearer", "Basic eDp5", ""])
def test_in_a_direct_invoke_a_bad_token_is_not_made_good(given, invoke):
    assert invoke(GET, path=API, headers={"Authorization": given})["statusCode"] == 401


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_over_http_the_api_needs_a_token(context, invoke):
    headers = {"host": "localhost", "Host": "localhost"}
    assert invoke(GET, path=API, requestContext=context, headers=headers)["statusCode"] == 401


def test_addresses_in_a_direct_invoke_are_paths_of_further_invokes(invoke):
    answer = invoke(POST, path=API, body=SUBMISSION, headers=JSON)
    path = urlsplit(answer["headers"]["Location"]).path
    assert path == f"{API}/{json.loads(answer['body'])['id']}"
    assert json.loads(invoke(GET, path=path)["body"])["links"]["self"] == answer["headers"]["Location"]


def test_addresses_over_http_keep_the_stage_before_them(invoke, owner, settings):
    host = "abc.execute-api.us-east-1.amazonaws.com"
    settings.ALLOWED_HOSTS = [host]
    headers = JSON | {"Authorization": f"Bearer {owner.secret}", "Host": host}
    answer = invoke(POST, path=API, body=SUBMISSION, headers=headers, **GATEWAY)
    shown = json.loads(answer["body"])
    assert answer["headers"]["Location"].endswith(f"{host}/development{API}/{shown['id']}")


def test_an_answer_over_what_lambda_returns_is_a_problem_that_says_what_to_do(invoke, make_request, owner, monkeypatch):
    monkeypatch.setattr("foundry.aws.limits.ANSWER_BYTES", 1000)
    made = make_request(*({"number": number} for number in range(20)))
    headers = {"Authorization": f"Bearer {owner.secret}"}
    whole = invoke(GET, path=f"{API}/{made.pk}/results", headers=headers)
    assert (whole["statusCode"], whole["headers"]["Content-Type"]) == (413, "application/problem+json")
    assert "limit" in json.loads(whole["body"])["detail"]
    assert "FOUNDRY_ARTIFACT_BUCKET" in json.loads(whole["body"])["detail"]
    page = invoke(GET, path=f"{API}/{made.pk}/results", headers=headers, queryStringParameters={"limit": "2"})
    assert len(json.loads(page["body"])["results"]) == 2


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
        ({"headers": {"Authorization": "Bearer é\x00"}, **GATEWAY}, 401),
        ({"headers": {"Authorization": "Bearer é\x00"}}, 401),
        ({"headers": {"Idempotency-Key": "é\x00", "Content-Type": "application/json"}, "path": API}, 400),
        ({"queryStringParameters": {"limit": "\x00"}, "path": API, "httpMethod": "GET"}, 422),
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
