"""What the client makes of AWS's answers, in front of a server that stands for AWS."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote

import pytest

from foundry.client import ConnectionFailedError, Foundry, FoundryError
from tests.client.conftest import HANG_UP, Answer

FUNCTION = "foundry-production"
REQUEST = "/api/v1/requests/r1"


@pytest.fixture
def foundry(server, monkeypatch):
    """Over invokes, with what a user of AWS has set."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    monkeypatch.setenv("FOUNDRY_TOKEN", "fdy_of_another_foundry")
    return Foundry(function=FUNCTION)


def returned(status, body, **headers):
    """The function's answer, as AWS passes it on."""
    kind = "application/problem+json" if status >= 400 else "application/json"
    return Answer(
        body={"statusCode": status, "headers": {"Content-Type": kind, **headers}, "body": json.dumps(body)},
    )


def failed(kind, message):
    """The function has failed."""
    return Answer(body={"errorType": kind, "errorMessage": message}, headers={"X-Amz-Function-Error": "Unhandled"})


def refused(status, code, message="no"):
    """AWS has not called the function."""
    return Answer(status, {"Message": message, "message": message}, {"x-amzn-ErrorType": code})


def asked(server):
    return [json.loads(one.body) for one in server.asked]


def test_a_call_is_an_event_with_an_empty_context_and_no_token(server, foundry, request_json):
    server.answer(returned(200, request_json()))
    assert foundry.request("r1").id == "r1"
    (event,) = asked(server)
    assert (event["httpMethod"], event["path"], event["requestContext"]) == ("GET", REQUEST, {})
    assert "authorization" not in {name.lower() for name in event["headers"]}
    assert server.asked[0].path == f"/2015-03-31/functions/{FUNCTION}/invocations"


def test_an_alias_may_stand_behind_the_name(server, foundry, request_json):
    server.answer(returned(200, request_json()))
    Foundry(function=f"{FUNCTION}:operator").request("r1")
    assert f"/functions/{FUNCTION}:operator/" in unquote(server.asked[0].path)


def test_a_token_is_sent_if_it_is_given(server, foundry, request_json):
    server.answer(returned(200, request_json()))
    Foundry(function=FUNCTION, token="fdy_mine").request("r1")
    assert asked(server)[0]["headers"]["Authorization"] == "Bearer fdy_mine"


def test_parameters_are_the_events(server, foundry):
    server.answer(returned(200, {"requests": [], "next": None}))
    list(foundry.requests(label="a b&c=é"))
    assert asked(server)[0]["multiValueQueryStringParameters"] == {"label": ["a b&c=é"], "limit": ["100"]}


def test_files_go_as_base64_if_they_are_no_text(server, foundry, request_json):
    server.answer(returned(202, request_json()))
    foundry.submit("toy", files=[("a.gz", b"\x1f\x8b\xff")])
    (event,) = asked(server)
    assert event["isBase64Encoded"]
    assert b"\x1f\x8b\xff" in base64.b64decode(event["body"])


def test_results_come_in_pages_which_are_halved_while_they_are_too_long(server, foundry):
    result = {"name": "", "state": "failed"}
    following = "http://zappa/api/v1/requests/r1/results?cursor=MQ&limit=500"
    server.answer(
        returned(413, {"title": "Content Too Large", "status": 413, "detail": "over 6 MB"}),
        returned(200, {"results": [result | {"position": 1}], "next": following}),
        returned(200, {"results": [result | {"position": 2}], "next": None}),
    )
    assert [one.position for one in foundry.results("r1")] == [1, 2]
    queries = [event["multiValueQueryStringParameters"] for event in asked(server)]
    assert [query["limit"] for query in queries] == [["1000"], ["500"], ["500"]]
    assert queries[2]["cursor"] == ["MQ"]


def test_what_does_not_fit_in_halves_either_is_an_error(server, foundry):
    server.answer(returned(413, {"title": "Content Too Large", "detail": "over 6 MB"}))
    with pytest.raises(FoundryError, match="over 6 MB"):
        list(foundry.results("r1"))
    assert len(server.asked) == 10  # from 1,000 to 1


def test_a_problem_is_told_as_over_http(server, foundry):
    server.answer(
        returned(422, {"title": "Unprocessable", "detail": "No.", "errors": [{"where": "x", "message": "y"}]})
    )
    with pytest.raises(FoundryError, match=r"No\.") as error:
        foundry.submit("toy", [{}])
    assert (error.value.status, error.value.errors) == (422, ({"where": "x", "message": "y"},))


@pytest.mark.parametrize(
    "trouble", [HANG_UP, refused(429, "TooManyRequestsException"), refused(500, "ServiceException")]
)
def test_what_happens_once_however_often_it_is_asked_is_asked_again(trouble, server, foundry, request_json, pauses):
    server.answer(trouble, trouble, returned(202, request_json()))
    assert foundry.submit("toy", [{}]).id == "r1"
    keys = {event["headers"]["Idempotency-Key"] for event in asked(server)}
    assert (len(server.asked), len(keys), len(pauses)) == (3, 1, 2)


@pytest.mark.parametrize("trouble", [failed("Sandbox.Timedout", "timed out"), refused(503, "ServiceException", "slow")])
def test_what_could_happen_twice_is_not_asked_again(trouble, server, foundry):
    server.answer(trouble)
    with pytest.raises(FoundryError, match=r"timed out|slow"):
        foundry.cancel("r1")
    assert len(server.asked) == 1


def test_without_an_answer_it_is_a_failed_connection(server, foundry):
    server.answer(HANG_UP)
    with pytest.raises(ConnectionFailedError, match=f"No answer from the Lambda function {FUNCTION}"):
        foundry.cancel("r1")


def test_a_function_that_takes_no_http_says_so_and_is_not_asked_again(server, foundry):
    server.answer(failed("RefusedEventError", "This function computes one service's jobs."))
    with pytest.raises(FoundryError, match="foundry-production: This function computes"):
        foundry.services()
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:foundry-production"),
        (
            403,
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized to perform: lambda:InvokeFunction",
        ),
    ],
)
def test_what_aws_refuses_is_told_in_its_words(status, code, message, server, foundry):
    server.answer(refused(status, code, message))
    with pytest.raises(FoundryError, match=message) as error:
        foundry.services()
    assert error.value.status == status
    assert len(server.asked) == 1


def test_what_is_over_lambdas_limit_is_not_sent_and_told_what_to_do(server, foundry):
    with pytest.raises(FoundryError, match="fewer items in one request, or files packed into a zip"):
        foundry.submit("toy", [{"name": "x" * 1000}] * 6300)
    assert server.asked == []


@pytest.mark.parametrize(("variable", "said"), [("AWS_DEFAULT_REGION", "region"), ("AWS_ACCESS_KEY_ID", "credentials")])
def test_what_aws_needs_and_is_missing_is_told(variable, said, server, foundry, monkeypatch, tmp_path):
    monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(FoundryError, match=f"(?i)foundry-production cannot be invoked: .*{said}"):
        foundry.services()


def test_it_is_either_a_url_or_a_function():
    with pytest.raises(ValueError, match="either a url or a function"):
        Foundry("http://localhost", function=FUNCTION)


def test_a_file_elsewhere_is_fetched_over_http_without_the_token(server, foundry):
    server.answer(
        returned(503, {"title": "x", "errors": [{"code": "file_being_made", "message": "wait"}]}),
        returned(303, {"url": "..."}, Location=f"{server.url}/files/x"),
        Answer(body=b"the file"),
    )
    given = Foundry(function=FUNCTION, token="fdy_mine")
    assert b"".join(given.artifact("r1", "annotated.gb")) == b"the file"
    *events, fetched = server.asked
    assert [json.loads(one.body)["headers"]["Authorization"] for one in events] == ["Bearer fdy_mine"] * 2
    assert (fetched.method, fetched.path) == ("GET", "/files/x")
    assert "authorization" not in {name.lower() for name in fetched.headers}
