"""The HTTP front: what API Gateway makes of requests and answers."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.aws.localaws.conftest import Function
from tests.localaws import LocalAws

Deploy = Callable[..., Function]

#: Answers with the event itself.
MIRROR = """
import json
def handle(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}
"""
#: Answers what the request's body says, raw.
PUPPET = """
import base64, json
def handle(event, context):
    body = event["body"]
    return json.loads(base64.b64decode(body) if event["isBase64Encoded"] else body)
"""


def test_a_request_becomes_a_rest_apis_event(aws: LocalAws, deploy: Deploy) -> None:
    url = aws.front(deploy(MIRROR).name, stage="production", version="1.0")
    headers = {"X-Own": "a", "User-Agent": "tests", "X-Forwarded-For": "1.2.3.4", "Origin": url}

    told = requests.post(f"{url}/a%20b/c/?x=1&x=2&y=ü", data=b"\xff\x00", headers=headers, timeout=20).json()

    host = url.removeprefix("http://")
    assert told["resource"] == "/{proxy+}"
    assert told["path"] == "/a%20b/c/"
    assert told["pathParameters"] == {"proxy": "a b/c/"}
    assert told["httpMethod"] == "POST"
    assert told["queryStringParameters"] == {"x": "2", "y": "ü"}
    assert told["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": ["ü"]}
    assert told["headers"]["X-Own"] == "a"
    assert told["multiValueHeaders"]["X-Own"] == ["a"]
    assert told["headers"]["Host"] == host
    assert told["headers"]["X-Forwarded-Proto"] == "https"
    assert told["headers"]["X-Forwarded-For"].split(", ")[:2] == ["1.2.3.4", "127.0.0.1"]
    assert told["headers"]["Origin"] == f"https://{host}"
    assert told["isBase64Encoded"] is True
    assert base64.b64decode(told["body"]) == b"\xff\x00"
    context = told["requestContext"]
    assert (context["stage"], context["path"], context["httpMethod"]) == ("production", "/a%20b/c/", "POST")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tests"
    assert context["identity"]["userArn"] is None
    assert "authorizer" not in context


def test_a_request_without_query_and_body(aws: LocalAws, deploy: Deploy) -> None:
    url = aws.front(deploy(MIRROR).name, stage="production")

    told = requests.get(url, timeout=20).json()

    assert (told["resource"], told["path"], told["pathParameters"]) == ("/", "/", None)
    assert told["queryStringParameters"] is None
    assert told["multiValueQueryStringParameters"] is None
    assert (told["body"], told["isBase64Encoded"]) == (None, False)


def test_a_request_becomes_an_http_apis_event(aws: LocalAws, deploy: Deploy) -> None:
    url = aws.front(deploy(MIRROR).name, stage="$default", version="2.0")

    told = requests.post(
        f"{url}/a%20b?x=1&x=2", json={"a": 1}, headers={"X-Own": "a"}, cookies={"one": "1", "two": "2"}, timeout=20
    ).json()

    assert told["version"] == "2.0"
    assert (told["rawPath"], told["rawQueryString"]) == ("/a%20b", "x=1&x=2")
    assert told["queryStringParameters"] == {"x": "1,2"}
    assert told["headers"]["x-own"] == "a"
    assert sorted(told["cookies"]) == ["one=1", "two=2"]
    assert "cookie" not in told["headers"]
    assert (json.loads(told["body"]), told["isBase64Encoded"]) == ({"a": 1}, False)
    assert told["requestContext"]["http"]["method"] == "POST"
    assert told["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    binary = requests.post(url, data=b"\xff", headers={"Content-Type": "image/png"}, timeout=20).json()
    assert (binary["body"], binary["isBase64Encoded"]) == (base64.b64encode(b"\xff").decode(), True)


def test_an_answer_becomes_http(aws: LocalAws, deploy: Deploy) -> None:
    url = aws.front(deploy(PUPPET).name, stage="production")
    answer = requests.post(
        url,
        json={
            "statusCode": 201,
            "headers": {"X-One": "1", "Set-Cookie": "lost", "WWW-Authenticate": "Bearer"},
            "multiValueHeaders": {"Set-Cookie": ["a=1; Secure; Path=/", "b=2; Path=/"]},
            "isBase64Encoded": True,
            "body": base64.b64encode(b"\x89PNG").decode(),
        },
        timeout=20,
    )

    assert answer.status_code == 201
    assert answer.content == b"\x89PNG"
    assert answer.headers["X-One"] == "1"
    assert answer.headers["x-amzn-Remapped-WWW-Authenticate"] == "Bearer"
    assert answer.raw.headers.getlist("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]


def test_an_http_apis_answer_may_be_short(aws: LocalAws, deploy: Deploy) -> None:
    url = aws.front(deploy(PUPPET).name, stage="$default", version="2.0")

    short = requests.post(url, json={"hello": "you"}, timeout=20)
    assert (short.status_code, short.json()) == (200, {"hello": "you"})
    assert short.headers["Content-Type"] == "application/json"
    full = requests.post(url, json={"statusCode": 204, "cookies": ["a=1", "b=2"]}, timeout=20)
    assert (full.status_code, full.raw.headers.getlist("Set-Cookie")) == (204, ["a=1", "b=2"])


@pytest.mark.parametrize(
    "answer", ["null", '"text"', "[]", "{}", '{"statusCode": "x"}', '{"statusCode": 200, "body": {}}']
)
def test_what_is_no_answer_is_a_bad_gateway(aws: LocalAws, deploy: Deploy, answer: str) -> None:
    url = aws.front(deploy(PUPPET).name, stage="production")

    told = requests.post(url, data=answer, timeout=20)

    assert (told.status_code, told.json()) == (502, {"message": "Internal server error"})


@pytest.mark.parametrize(("version", "status"), [("1.0", 502), ("2.0", 500)])
def test_an_error_says_nothing_about_the_function(aws: LocalAws, deploy: Deploy, version: str, status: int) -> None:
    url = aws.front(
        deploy("def handle(event, context): raise ValueError('secret')").name, stage="production", version=version
    )

    told = requests.get(url, timeout=20)

    assert told.status_code == status
    assert "secret" not in told.text
    assert told.json()["message"].lower() == "internal server error"


def test_too_large_a_request_or_answer_is_refused(aws: LocalAws, deploy: Deploy) -> None:
    large = aws.front(
        deploy("def handle(event, context): return {'statusCode': 200, 'body': 'x' * (6 << 20)}").name, stage="p"
    )
    url = aws.front(deploy(MIRROR).name, stage="production")

    assert requests.get(large, timeout=20).status_code == 502
    assert requests.post(url, data=bytes((10 << 20) + 1), timeout=20).status_code == 413
    assert requests.post(url, data=bytes(1 << 20), timeout=20).status_code == 200


def test_a_function_without_concurrency_does_not_answer(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(MIRROR)
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)

    answers = [
        requests.get(aws.front(function.name, stage="p", version=version), timeout=20) for version in ("1.0", "2.0")
    ]

    assert [answer.status_code for answer in answers] == [500, 503]


def test_an_answer_that_takes_too_long_is_not_waited_for(aws: LocalAws, deploy: Deploy) -> None:
    """29 s of a REST API, 30 s of an HTTP API; the function goes on meanwhile."""
    function = deploy("import time\ndef handle(event, context): time.sleep(31.5)", Timeout=40)
    urls = [aws.front(function.name, stage="production", version=version) for version in ("1.0", "2.0")]

    with ThreadPoolExecutor(2) as threads:
        rest, http = threads.map(lambda url: requests.get(url, timeout=40), urls)

    assert (rest.status_code, rest.json()) == (504, {"message": "Endpoint request timed out"})
    assert (http.status_code, http.json()) == (503, {"message": "Service Unavailable"})
    assert 29 <= rest.elapsed.total_seconds() < 30
    assert 30 <= http.elapsed.total_seconds() < 31
    assert function.journal() == []
    while len(function.journal()) < 2:
        time.sleep(0.1)
    assert [entry["error"] for entry in function.journal()] == ["", ""]


@pytest.fixture
def rest_api(aws: LocalAws) -> Callable[[str], str]:
    """An API with a proxy resource, as zappa makes it; its id."""

    def make(arn: str) -> str:
        gateway = aws.client("apigateway")
        api = gateway.create_rest_api(name="mirror")["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        proxy = gateway.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
        for resource in (root, proxy):
            place: dict[str, Any] = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
            gateway.put_method(**place, authorizationType="NONE")
            uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
            gateway.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        gateway.create_deployment(restApiId=api, stageName="production")
        return str(api)

    return make


def test_a_deployed_rest_api_answers_as_at_its_own_address(
    aws: LocalAws, deploy: Deploy, rest_api: Callable[[str], str]
) -> None:
    function = deploy(MIRROR)
    arn = function.client.get_function(FunctionName=function.name)["Configuration"]["FunctionArn"]
    api = rest_api(arn)

    told = requests.get(f"{aws.endpoint}/_aws/execute-api/{api}/production/a/b?x=1", timeout=20).json()

    assert told["path"] == "/a/b"
    assert told["requestContext"]["path"] == "/production/a/b"
    assert told["requestContext"]["apiId"] == api
    assert told["headers"]["Host"] == f"{api}.execute-api.us-east-1.amazonaws.com"
    for wrong in (f"{api}/other/a", "nothing/production/a"):
        assert requests.get(f"{aws.endpoint}/_aws/execute-api/{wrong}", timeout=20).status_code == 403


def test_a_patch_names_its_binary_media_type(aws: LocalAws, rest_api: Callable[[str], str]) -> None:
    """As zappa patches its API."""
    gateway = aws.client("apigateway")
    api = gateway.create_rest_api(name="binary")["id"]

    gateway.update_rest_api(restApiId=api, patchOperations=[{"op": "add", "path": "/binaryMediaTypes/*~1*"}])

    assert gateway.get_rest_api(restApiId=api)["binaryMediaTypes"] == ["*/*"]
