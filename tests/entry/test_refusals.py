"""What whoever may invoke a plain Zappa function can do with it, and cannot do with ours.

Each attack is run twice: against Zappa's own handler, where it must work, or it would prove nothing; and against ours.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_started

from foundry.aws.events import RefusedEventError, Work, recognise
from foundry.core.models import ServiceRequest
from tests.entry.conftest import Context

ROUTE = "zappa.asynchronous.route_lambda_task"
HTTP = {"path": "/compute-dna/", "httpMethod": "GET", "requestContext": {"stage": "development"}}
MARK = "FOUNDRY_TEST_ATTACK"


@dataclasses.dataclass(frozen=True)
class Attack:
    """An event, and how its success is seen: in a file that it makes, or in what is returned."""

    event: Callable[[Path], Any]
    works: Callable[[Path, Any], bool] = lambda path, answer: path.exists()


def task(function: str, *arguments: Any, **fields: Any) -> dict[str, Any]:
    return {"command": ROUTE, "task_path": function, "args": list(arguments), "kwargs": {}} | fields


def records(record: Any) -> dict[str, Any]:
    return {"Records": [record]}


def sns(message: Any) -> dict[str, Any]:
    return records({"EventSource": "aws:sns", "Sns": {"TopicArn": "arn:aws:sns:x", "Message": json.dumps(message)}})


def is_this_folder(path: Path, answer: Any) -> bool:
    return answer == os.getcwd()


ATTACKS = {
    "Python": Attack(lambda path: {"raw_command": f"import os; os.mkdir({str(path)!r})"}),
    "a function": Attack(lambda path: {"command": "os.getcwd"}, is_this_folder),
    "a task that is a program": Attack(lambda path: task("subprocess.getoutput", f"touch {path}")),
    "a task that is Python": Attack(lambda path: task("builtins.exec", f"__import__('os').mkdir({str(path)!r})")),
    "a management command that is Python": Attack(
        lambda path: {"manage": f"shell --no-imports -c __import__('os').mkdir('{path}')"}
    ),
    "a rule's name": Attack(
        lambda path: {"detail-type": "Scheduled Event", "resources": ["arn:aws:events:x:1:rule/x-os.getcwd"]},
        is_this_folder,
    ),
    "a bucket's configuration": Attack(
        lambda path: records({"s3": {"configurationId": "x:os.getcwd"}}),
        is_this_folder,
    ),
    "a published message": Attack(
        lambda path: sns(task("os.mkdir", str(path), command="zappa.asynchronous.route_sns_task"))
    ),
    "a stage's variable": Attack(
        lambda path: HTTP | {"stageVariables": {MARK: str(path)}},
        lambda path, answer: os.environ.get(MARK) == str(path),
    ),
}


@pytest.fixture(params=ATTACKS.values(), ids=ATTACKS)
def attack(request: pytest.FixtureRequest) -> Attack:
    return request.param


def test_plain_zappa_does_it(attack, plain_zappa, tmp_path):
    path = tmp_path / "made"
    assert attack.works(path, plain_zappa(attack.event(path)))


@pytest.mark.parametrize("qualifier", ["", "operator"])
def test_we_do_not(attack, qualifier, invoke, tmp_path):
    path = tmp_path / "made"
    try:
        answer = invoke(attack.event(path), Context(qualifier=qualifier))
    except RefusedEventError:
        answer = None
    assert not attack.works(path, answer)


@pytest.mark.django_db(transaction=True)
def test_a_scheduled_event_sweeps_whatever_its_rule_is_called(invoke):
    event = {
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "resources": ["arn:aws:events:x:1:rule/x-os.getcwd"],
    }
    assert invoke(event)["nudged"] == 0


FORGED = {
    "authorizer": {"authorizer": {"principalId": "admin"}},
    "caller": {"identity": {"userArn": "arn:aws:iam::123456789012:user/admin"}},
}


@pytest.fixture
def environ() -> Iterator[dict[str, Any]]:
    """What Django is told of the last request."""
    seen: dict[str, Any] = {}

    def see(environ: dict[str, Any], **_: Any) -> None:
        seen.clear()
        seen.update(environ)

    request_started.connect(see)
    yield seen
    request_started.disconnect(see)


VERSION_2 = {"version": "2.0", "rawPath": "/compute-dna/", "headers": {"host": "localhost"}}
FORGED_2 = {"http": {"method": "GET"}, "authorizer": {"lambda": {"principalId": "admin"}}}


@pytest.mark.parametrize(
    "event",
    [*({**HTTP, "requestContext": forged} for forged in FORGED.values()), {**VERSION_2, "requestContext": FORGED_2}],
)
def test_plain_zappa_makes_a_user_of_a_forged_identity_and_we_do_not(event, plain_zappa, invoke, environ):
    plain_zappa(event)
    assert "admin" in environ["REMOTE_USER"]
    assert invoke(event)["statusCode"] in (200, 400)
    assert environ
    assert not {"REMOTE_USER", "API_GATEWAY_AUTHORIZER"} & set(environ)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("context", [*FORGED.values(), {"authorizer": None}, {"identity": {}}, {"x": None}])
def test_who_forges_an_identity_is_an_http_client_without_a_token(context, invoke):
    body = json.dumps({"service": "toy", "items": [{"number": 1}]})
    headers = {"Host": "localhost", "Content-Type": "application/json"}
    event = {"path": "/api/v1/requests", "httpMethod": "POST", "body": body, "headers": headers}
    assert invoke(event, requestContext=context)["statusCode"] == 401
    assert not ServiceRequest.objects.exists()


UNKNOWN = {
    "nothing": {},
    "keep warm": {"keep_warm": True},
    "queue": records({"eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x", "body": '{"command": "os.getcwd"}'}),
    "websocket": {"requestContext": {"eventType": "CONNECT", "routeKey": "$connect", "domainName": "x"}},
    "bot": {"bot": {"name": "x"}, "currentIntent": {"name": "x"}},
    "authorizer": {"type": "TOKEN", "methodArn": "arn:aws:execute-api:x"},
    "authorizer with a request": {"type": "REQUEST", "httpMethod": "GET", "path": "/compute-dna/"},
    "authorizer with a request, 2.0": {"type": "REQUEST", "routeArn": "x", **VERSION_2, "requestContext": FORGED_2},
    "user pool": {"triggerSource": "PreSignUp_SignUp"},
    "log": {"awslogs": {"data": "x"}},
    "event bus": {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}},
    "schedule of another source": {"source": "x", "detail-type": "Scheduled Event", "resources": []},
    "2.0 without a method": VERSION_2,
    "2.0 with an empty context": VERSION_2 | {"requestContext": {}},
    "list": [{"service": "toy"}],
    "text": "sweep",
    "number": 1,
    "null": None,
}


@pytest.mark.parametrize("event", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_refused_and_told_what_is(event, invoke):
    with pytest.raises(RefusedEventError, match="This function takes"):
        invoke(event)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"body": {"dna_sequence": "A"}}, "body: Input should be a valid string"),
        ({"body": "\ud800"}, "body"),
        ({"path": None}, "path"),
        ({"path": "/\udfff"}, "path"),
        ({"httpMethod": 1}, "httpMethod"),
        ({"headers": {"Host": 1}}, "headers.Host"),
        ({"headers": ["Host"]}, "headers"),
        ({"multiValueHeaders": {"Host": "localhost"}}, "multiValueHeaders.Host"),
        ({"queryStringParameters": {"limit": "\ud800"}}, "queryStringParameters.limit"),
        ({"multiValueQueryStringParameters": {"limit": [1]}}, "multiValueQueryStringParameters.limit.0"),
        ({"requestContext": "x"}, "requestContext"),
        ({"isBase64Encoded": "yes"}, "isBase64Encoded"),
        ({"isBase64Encoded": True, "body": "A"}, "body"),
    ],
)
def test_an_event_that_no_http_message_can_be_is_refused_and_says_where(changes, said, invoke):
    with pytest.raises(RefusedEventError, match="The HTTP event does not fit: " + said):
        invoke(HTTP, **changes)


OURS = task("foundry.aws.task.work", kwargs={"service": "toy", "release": "foundry:7"})


@pytest.mark.parametrize(
    "change",
    [
        {"task_path": "foundry.aws.task.work "},
        {"task_path": "foundry.aws.task"},
        {"task_path": "foundry.aws.task.work.sync"},
        {"task_path": ["foundry.aws.task.work"]},
        {"task_path": None},
        {"args": ["toy"]},
        {"kwargs": {"service": "toy"}},
        {"kwargs": {"service": "toy", "release": 7}},
        {"kwargs": {"service": "toy", "release": "foundry:7", "context": {}}},
        {"kwargs": None},
        {"command": "zappa.asynchronous.route_sns_task"},
    ],
)
def test_the_task_is_taken_exactly_as_it_is_sent(change, invoke):
    assert recognise(OURS) == Work("toy", "foundry:7")
    with pytest.raises(RefusedEventError, match="This function takes"):
        invoke(OURS | change)
