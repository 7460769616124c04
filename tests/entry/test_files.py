"""Files over what Lambda can answer: the bucket, who makes them and how often, and who gets the link."""

from __future__ import annotations

import dataclasses
import json
import logging
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from django.db import connection
from django.utils.timezone import now
from moto.server import ThreadedMotoServer

from foundry import catalog
from foundry.api.files import Asked, File
from foundry.aws import bucket, dispatcher, files, limits, stored
from foundry.aws.events import Make, RefusedEventError, recognise
from foundry.aws.models import StoredFile
from foundry.core import requests
from foundry.core.models import ServiceRequest
from foundry.core.retry import retry
from foundry.core.sweep import sweep
from foundry.core.work import Slot, work
from tests.api.conftest import REQUESTS
from tests.entry.conftest import Context
from tests.toys.toy import SERVICE

pytestmark = pytest.mark.django_db(transaction=True)

BUCKET = "foundry-files"
#: What these tests take for Lambda's 6 MB.
MOST = 50_000
#: Equal but for their names, so computed once; their files are some 60 kB.
NAMED = [{"number": 1, "name": f"{number}-{'n' * 190}"} for number in range(1, 301)]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def store(s3: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Any]:
    """The bucket, on an AWS in this process, with answers that end soon."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
    }.items():
        monkeypatch.setenv(name, value)
    settings.FOUNDRY_ARTIFACT_BUCKET = BUCKET
    settings.FOUNDRY_FILES = "foundry.aws.files.Bucketed"
    settings.FOUNDRY_RELEASE = "foundry:7"
    monkeypatch.setattr(limits, "ANSWER_BYTES", MOST)
    bucket._client.cache_clear()
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for found in keys(client):
        client.delete_object(Bucket=BUCKET, Key=found)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET)
    client.delete_bucket(Bucket=BUCKET)
    bucket._client.cache_clear()


def keys(store: Any) -> list[str]:
    return [found["Key"] for found in store.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


class Aws:
    """Lambda's client as Zappa has it: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.refuses = False

    def invoke(self, **call: Any) -> dict[str, Any]:
        if self.refuses:
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke")
        self.sent.append(call)
        return {"StatusCode": 202}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws = Aws()
    monkeypatch.setattr(dispatcher._zappa(), "LAMBDA_CLIENT", aws)
    return aws


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy's first artifact has the items' names in it."""
    artifacts = [dataclasses.replace(SERVICE.artifacts[0], render=f"{__name__}:names"), SERVICE.artifacts[1]]
    services = catalog.services() | {"toy": dataclasses.replace(SERVICE, artifacts=artifacts)}
    monkeypatch.setattr(catalog, "services", lambda: services)


def names(entries: Any, options: Any) -> Iterator[str]:
    for entry in entries:
        yield f"{entry.position} {entry.item.name} {entry.result['number'] if entry.result else entry.error.code}\n"


WHOLE = "".join(f"{position} {item['name']} 1\n" for position, item in enumerate(NAMED, 1)).encode()


@pytest.fixture
def large(make_request: Callable[..., ServiceRequest]) -> ServiceRequest:
    """A finished request whose files do not fit into an answer."""
    return make_request(*NAMED)


def address(request: ServiceRequest, path: str = "artifacts/numbers.txt") -> str:
    return f"{REQUESTS}/{request.pk}/{path}"


def fetch(answer: Any) -> tuple[bytes, Any]:
    """What is behind the link."""
    assert answer.status_code == 303, answer.content
    with urllib.request.urlopen(answer.headers["Location"]) as found:
        return found.read(), found.headers


def being_made(answer: Any) -> str:
    """What a problem says that is to be asked again."""
    assert answer.status_code == 503, answer.content
    assert 1 < int(answer.headers["Retry-After"]) < 16
    (error,) = answer.json()["errors"]
    assert error["code"] == "file_being_made"
    return error["message"]


def later(**changes: float) -> None:
    """Time passes for all files."""
    StoredFile.objects.update(until=now() - timedelta(**changes))


# What fits and what does not


def test_a_large_artifact_is_behind_a_link_and_whole(owner, large, store):
    answer = owner.get(address(large))
    assert answer.json() == {"url": answer.headers["Location"]}
    body, headers = fetch(answer)
    assert body == WHOLE
    assert headers["Content-Type"] == "text/plain"
    assert headers["Content-Disposition"] == 'attachment; filename="numbers.txt"'
    (key,) = keys(store)
    assert key.startswith(f"files/{large.team_id}/{large.pk}/")


def test_the_link_expires_soon_and_says_nothing_of_the_token(owner, large):
    url = urlsplit(owner.get(address(large)).headers["Location"])
    assert "X-Amz-Expires=300&" in url.query
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url.query
    assert owner.secret not in url.query


@pytest.mark.parametrize("query", ["format=csv", "format=ndjson", "format=csv&state=succeeded"])
def test_large_tables_are_the_same_as_streamed_ones(query, owner, large, settings):
    body, headers = fetch(owner.get(address(large, f"results?{query}")))
    settings.FOUNDRY_FILES = "foundry.api.files.Streamed"
    streamed = owner.get(address(large, f"results?{query}"))
    assert body == b"".join(streamed)
    assert [headers[name] for name in HEADERS] == [streamed.headers[name] for name in HEADERS]


HEADERS = ("Content-Type", "Content-Disposition")


def test_files_that_differ_are_kept_apart(owner, large, store):
    forms = "results?format=csv", "results?format=ndjson", "results?format=csv&state=succeeded"
    bodies = {fetch(owner.get(address(large, path)))[0] for path in ("artifacts/numbers.txt", *forms[:2])}
    fetch(owner.get(address(large, forms[2])))
    assert (len(bodies), len(keys(store))) == (3, 4)


def test_what_fits_is_the_answer_and_nothing_is_kept(owner, make_request, store):
    small = make_request({"number": 5, "name": "a"}, {"number": 6})
    answer = owner.get(address(small))
    assert (answer.status_code, b"".join(answer)) == (200, b"1 a 5\n2  6\n")
    assert b"".join(owner.get(address(small, "artifacts/one.txt?item=2"))) == b"2 6\n"
    assert (keys(store), StoredFile.objects.count()) == ([], 0)


def test_whatever_the_size_lambda_takes_the_answer(invoke, make_request, owner):
    headers = {"Host": "localhost", "Authorization": f"Bearer {owner.secret}"}
    sizes = set()
    for rows in (170, 176, 177, 178, 179, 180, 190):
        event = {"httpMethod": "GET", "path": address(make_request(*NAMED[:rows])), "headers": headers}
        answer = invoke(event, requestContext={"stage": "development"})
        sizes.add((answer["statusCode"], len(json.dumps(answer)) < MOST))
    assert sizes == {(200, True), (303, True)}


def test_a_head_request_is_answered_like_get_without_the_body(owner, large):
    answer = owner.head(address(large))
    assert (answer.status_code, answer.content) == (303, b"")
    assert answer.headers["Location"]


def test_of_a_request_that_runs_a_large_file_is_refused_and_pages_named(owner, make_request, store, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    request = make_request(*NAMED, {"number": 2}, {"number": 3}, {"number": 4})
    assert request.jobs.count() == 2
    work(Slot(service="toy", release="foundry:7", name="x", lease=timedelta(minutes=1)), jobs=1)
    answer = owner.get(address(request))
    assert (answer.status_code, "format=json" in answer.json()["detail"]) == (413, True)
    assert (keys(store), StoredFile.objects.count()) == ([], 0)


def test_of_a_service_that_is_gone_the_lines_are_there_still(owner, large, monkeypatch):
    monkeypatch.setattr(catalog, "services", dict)
    assert fetch(owner.get(address(large, "results?format=ndjson")))[0].count(b"\n") == len(NAMED)


# Who gets it


def test_only_who_may_read_the_request_gets_a_link(owner, teammate, stranger, client, large):
    assert owner.get(address(large)).status_code == 303
    assert teammate.get(address(large)).status_code == 303
    assert stranger.get(address(large)).status_code == 404
    assert client.get(address(large)).status_code == 401


def test_who_invokes_without_headers_finds_the_link_in_the_body(invoke, api_of, make_request):
    request = make_request(*NAMED, caller=api_of("robot", "robot").caller)
    event = {"httpMethod": "GET", "path": address(request), "requestContext": {}}
    answer = invoke(event)
    assert set(answer) == {"statusCode", "body"}
    with urllib.request.urlopen(json.loads(answer["body"])["url"]) as found:
        assert found.read() == WHOLE
    assert urlsplit(invoke(event, headers={})["headers"]["Location"]).path.startswith(f"/{BUCKET}/files/")


# Made once


def test_it_is_drawn_once(owner, large, monkeypatch):
    first = fetch(owner.get(address(large)))[0]
    monkeypatch.setattr(File, "draw", lambda self: pytest.fail("drawn again"))
    assert fetch(owner.get(address(large)))[0] == first


def test_after_a_retry_it_is_another_file(owner, make_request, monkeypatch, store):
    request = make_request(*NAMED, {"do": "err", "name": "last"})
    assert fetch(owner.get(address(request)))[0].endswith(b"301 last toy_error\n")
    monkeypatch.setattr("tests.toys.toy.compute._outcome", lambda item, options: {"number": 7})
    retry(request=request)
    assert fetch(owner.get(address(request)))[0].endswith(b"301 last 7\n")
    assert len(keys(store)) == 2


def test_what_the_bucket_has_removed_is_made_again(owner, large, store):
    owner.get(address(large))
    store.delete_object(Bucket=BUCKET, Key=keys(store)[0])
    assert fetch(owner.get(address(large)))[0] == WHOLE


def test_of_those_who_ask_at_once_one_makes_it(large, owner):
    view = requests.get(team=owner.caller.team, request=large.pk)
    file = File(view, Asked(kind="artifacts", name="numbers.txt"))

    def claim(_: int) -> bool:
        try:
            return stored.claim(file, stored.key_of(file)) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(12))) == 1


def test_no_more_are_made_at_once_than_the_api_can_spare(owner, large, monkeypatch, aws, store):
    monkeypatch.setattr(stored, "AT_ONCE", 1)
    monkeypatch.setattr(files, "_PATIENCE_S", 0)
    being_made(owner.get(address(large)))
    being_made(owner.get(address(large, "results?format=csv")))
    assert (len(aws.sent), StoredFile.objects.count()) == (1, 1)


def test_the_file_goes_with_its_request(owner, large, settings):
    owner.get(address(large))
    ServiceRequest.objects.update(created_at=now() - timedelta(days=9))
    settings.FOUNDRY_RETENTION_DAYS = 3
    sweep()
    assert not StoredFile.objects.exists()


# What takes longer than an answer may last


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> Aws:
    """Nothing is made while somebody waits."""
    monkeypatch.setattr(files, "_PATIENCE_S", 0)
    return aws


def payload(aws: Aws, number: int = 0) -> Any:
    return json.loads(aws.sent[number]["Payload"])


def test_another_invocation_makes_it_and_is_asked_for_once(invoke, owner, large, impatient):
    assert "does not start it anew" in being_made(owner.get(address(large)))
    being_made(owner.get(address(large)))
    (call,) = impatient.sent
    assert (call["FunctionName"], call["InvocationType"]) == ("foundry:7", "Event")
    assert payload(impatient)["kwargs"] == {"file": StoredFile.objects.get().pk, "attempt": 1}
    assert invoke(payload(impatient)) == {"made": True}
    assert fetch(owner.get(address(large)))[0] == WHOLE
    assert len(impatient.sent) == 1


def test_an_event_that_comes_twice_makes_it_once(invoke, owner, large, impatient, monkeypatch):
    owner.get(address(large))
    assert invoke(payload(impatient)) == {"made": True}
    monkeypatch.setattr(File, "draw", lambda self: pytest.fail("drawn again"))
    assert invoke(payload(impatient)) == {"made": False}


def test_a_client_looks_less_often_the_longer_it_takes(owner, large, impatient):
    first = int(owner.get(address(large)).headers["Retry-After"])
    StoredFile.objects.update(claimed_at=now() - timedelta(seconds=20))
    assert first < int(owner.get(address(large)).headers["Retry-After"]) <= 15


def test_if_the_invocation_is_refused_the_next_who_asks_repeats_it(invoke, owner, large, impatient):
    impatient.refuses = True
    being_made(owner.get(address(large)))
    impatient.refuses = False
    being_made(owner.get(address(large)))
    assert invoke(payload(impatient)) == {"made": True}


def test_an_invocation_that_was_lost_is_repeated_and_then_comes_too_late(invoke, owner, large, impatient):
    owner.get(address(large))
    later(seconds=1)
    being_made(owner.get(address(large)))
    first, second = payload(impatient, 0), payload(impatient, 1)
    assert second["kwargs"]["attempt"] == 2
    assert invoke(first) == {"made": False}
    assert invoke(second) == {"made": True}


def test_one_that_is_at_it_has_as_long_as_it_may_last(invoke, owner, large, impatient, monkeypatch):
    owner.get(address(large))
    left: list[timedelta] = []

    def look(key: str, pieces: Any, **more: Any) -> None:
        left.append(StoredFile.objects.get().until - now())

    monkeypatch.setattr(bucket, "write", look)
    invoke(payload(impatient), Context(left_s=800))
    assert timedelta(seconds=790) < left[0] <= timedelta(seconds=800)


def test_what_no_invocation_can_make_is_given_up_with_advice(invoke, owner, large, impatient):
    owner.get(address(large))
    assert invoke(payload(impatient), Context(left_s=29)) == {"made": False}
    for _ in range(2):
        answer = owner.get(address(large))
        assert (answer.status_code, "longer than a function may run" in answer.json()["detail"]) == (500, True)
        later(hours=1)
    assert len(impatient.sent) == 1
    later(hours=25)
    being_made(owner.get(address(large)))


# What goes wrong


def broken(entries: Any, options: Any) -> Iterator[str]:
    yield "x" * 2 * MOST
    raise RuntimeError("secret detail")


@pytest.fixture
def breaks(named: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The artifact breaks in the middle."""
    artifact = dataclasses.replace(SERVICE.artifacts[0], render=f"{__name__}:broken")
    services = catalog.services() | {"toy": dataclasses.replace(SERVICE, artifacts=[artifact])}
    monkeypatch.setattr(catalog, "services", lambda: services)


@pytest.mark.usefixtures("breaks")
def test_a_file_that_breaks_is_not_half_kept_and_tried_a_few_times(owner, large, store):
    for _ in range(stored.ATTEMPTS):
        for _ in range(2):
            answer = owner.get(address(large))
            assert answer.status_code == 500
            assert "secret" not in answer.text
        later(seconds=1)
    later(hours=1)
    assert owner.get(address(large)).status_code == 500
    row = StoredFile.objects.get()
    assert (keys(store), row.state, row.attempt) == ([], "failed", stored.ATTEMPTS)


@pytest.mark.usefixtures("breaks")
def test_in_an_invocation_of_its_own_the_failure_is_seen_by_operators(invoke, owner, large, impatient):
    owner.get(address(large))
    with pytest.raises(RuntimeError):
        invoke(payload(impatient))
    assert "logged" in owner.get(address(large)).json()["detail"]


def test_results_that_change_meanwhile_are_no_file(invoke, owner, make_request, impatient, monkeypatch, store):
    request = make_request(*NAMED, {"do": "err"})
    owner.get(address(request))
    draw = File.draw

    def change(self: File) -> Iterator[bytes]:
        yield from draw(self)
        retry(request=request)

    monkeypatch.setattr(File, "draw", change)
    assert invoke(payload(impatient)) == {"made": False}
    assert (keys(store), StoredFile.objects.count()) == ([], 0)


def test_without_a_way_into_the_bucket_it_says_so_in_the_log(owner, large, settings, caplog):
    settings.FOUNDRY_ARTIFACT_BUCKET = "not-there"
    assert owner.get(address(large)).status_code == 500
    assert "NoSuchBucket" in caplog.text


# The parts


def test_a_file_of_many_parts_is_whole(store):
    pieces = [bytes([number]) * 1_500_000 for number in range(20)]
    bucket.write(
        "files/x", iter(pieces), media_type="text/plain", disposition="attachment", ends_at=time.monotonic() + 60
    )
    found = store.get_object(Bucket=BUCKET, Key="files/x")
    assert found["Body"].read() == b"".join(pieces)
    assert found["ETag"].endswith('-4"')


def test_when_the_time_is_up_nothing_is_kept(store):
    with pytest.raises(bucket.TooSlowError):
        bucket.write("files/x", iter([b"x"]), media_type="text/plain", disposition="attachment", ends_at=0)
    assert keys(store) == []


# The event

TASK = {"command": "zappa.asynchronous.route_lambda_task", "task_path": "foundry.aws.making.make", "args": []}


def test_the_task_is_taken_as_we_send_it():
    assert recognise(TASK | {"kwargs": {"file": 3, "attempt": 1}}) == Make(3, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"kwargs": {"file": "3", "attempt": 1}},
        {"kwargs": {"file": True, "attempt": 1}},
        {"kwargs": {"file": 3}},
        {"kwargs": {"file": 0, "attempt": 1}},
        {"kwargs": {"file": 2**64, "attempt": 1}},
        {"kwargs": {"file": 3, "attempt": 1, "key": "files/x"}},
        {"kwargs": {"file": 3, "attempt": 1}, "args": [1]},
        {"kwargs": {"file": 3, "attempt": 1}, "task_path": "foundry.aws.making.write"},
        {"kwargs": None},
    ],
)
def test_and_in_no_other_form(changes):
    with pytest.raises(RefusedEventError):
        recognise(TASK | changes)


def test_a_task_for_no_row_does_nothing(invoke):
    assert invoke(TASK | {"kwargs": {"file": 99, "attempt": 1}}) == {"made": False}
