"""The client and the commands over invokes, against the whole function: the same as over HTTP."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import call_command

from foundry.client import Foundry, FoundryError
from foundry.dispatch.inline import InlineDispatcher

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS = [{"number": number, "name": f"n{number}"} for number in range(1, 6)]


class Endpoint(HTTPServer):
    """AWS's endpoint of Lambda, with one function."""

    def __init__(self, invoke: Callable[[Any], Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Invocation)
        self.invoke = invoke


class _Invocation(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        try:
            answer = self.server.invoke(event)
        except Exception as error:
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            self.send_header("X-Amz-Function-Error", "Unhandled")
        body = json.dumps(answer).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def over_lambda(invoke: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Foundry]:
    server = Endpoint(invoke)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    yield Foundry(function="foundry")
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def over_http(live_server: Any, api_of: Any) -> Foundry:
    return Foundry(live_server.url, api_of("robot", "robot").secret)


def test_a_request_goes_its_whole_way(over_lambda, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    request = over_lambda.submit("toy", ITEMS, label="mine")
    assert (request.owner, request.state) == ("robot", "queued")
    assert over_lambda.cancel(request).state == "cancelled"
    again = over_lambda.submit("toy", ITEMS, idempotency_key="k")
    InlineDispatcher().dispatch(service="toy", release="local", slots=1)
    assert over_lambda.wait(again, timeout=5).items.succeeded == 5
    assert over_lambda.submit("toy", ITEMS, idempotency_key="k").replayed
    with pytest.raises(FoundryError, match="no failed items") as error:
        over_lambda.retry(again)
    assert error.value.status == 409


def test_everything_is_the_same_over_lambda_and_over_http(over_lambda, over_http, monkeypatch):
    monkeypatch.setattr("foundry.client.foundry._PAGE_RESULTS", 2)
    made = over_lambda.submit("toy", [*ITEMS, {"number": "x"}])
    ways = over_lambda, over_http
    for look in (
        lambda foundry: foundry.services(),
        lambda foundry: foundry.service("toy"),
        lambda foundry: [(one.id, one.state, one.items) for one in foundry.requests()],
        lambda foundry: foundry.request(made).made_by,
        lambda foundry: list(foundry.results(made)),
        lambda foundry: list(foundry.results(made, "failed")),
        lambda foundry: b"".join(foundry.export(made, "ndjson")),
        lambda foundry: b"".join(foundry.export(made, "csv", "succeeded")),
        lambda foundry: [
            b"".join(foundry.artifact(made, one, 1 if one.per_item else None))
            for one in foundry.request(made).artifacts
        ],
    ):
        first, second = map(look, ways)
        assert first == second
    assert len(list(over_lambda.results(made))) == 6


def test_files_arrive_whole(over_lambda, over_http):
    plasmid = b">a\nATGC\n>b\nGGCC\n"
    requests = [
        foundry.submit("compute-dna", files=[("two.fasta", plasmid)], defaults={"topology": "circular"})
        for foundry in (over_lambda, over_http)
    ]
    first, second = (
        [(one.name, one.source, one.values) for one in over_lambda.results(request)] for request in requests
    )
    assert first == second
    assert [name for name, _, _ in first] == ["a", "b"]


def command(*arguments: str) -> tuple[int, str, str]:
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, out.getvalue(), err.getvalue()


@pytest.mark.usefixtures("over_lambda")
def test_the_commands_take_a_function_for_an_address(tmp_path):
    path = tmp_path / "items.json"
    path.write_text(json.dumps(ITEMS))
    there = ("--lambda", "foundry")
    code, out, _ = command("submit", str(path), "--service", "toy", "--json", *there)
    request = json.loads(out)
    assert (code, request["owner"]) == (0, "robot")
    assert json.loads(command("status", request["id"], "--wait", "--json", *there)[1])["state"] == "succeeded"
    assert len(json.loads(command("results", request["id"], "--json", *there)[1])["results"]) == 5
    assert "toy" in command("services", *there)[1]
    code, _, err = command("retry", request["id"], *there)
    assert (code, "no failed items" in err) == (1, True)
    code, _, err = command("cancel", request["id"], *there)
    assert code in (0, 1)
    assert "Traceback" not in err


def test_a_url_and_a_function_do_not_go_together():
    code, _, err = command("services", "--lambda", "foundry", "--url", "http://localhost")
    assert (code, err.strip()) == (1, "Give either --url or --lambda.")
