"""Every error is a problem that says what is wrong, where, and what to do."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from foundry.wsgi import application
from tests.api.conftest import REQUESTS

pytestmark = pytest.mark.django_db

#: Always the same: tests whose names differ from process to process cannot be shared out.
NOBODYS = f"{REQUESTS}/5b0e7a4c-3f52-4d8e-9a6b-0c1d2e3f4a5b"


def wsgi(path: str, method: str = "GET", body: bytes = b"", **environ: Any) -> tuple[int, dict[str, str], bytes]:
    """A call as a WSGI server makes it: without the test client's help with lengths and HEAD.

    It ends the transaction of a test, so a test that has rows needs `transaction=True`.
    """
    started: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    } | environ
    answer = application(environ, lambda status, headers: started.extend((status, headers)))
    content = b"".join(answer)
    answer.close()
    return int(started[0].split()[0]), dict(started[1]), content


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/requests", "/api/v1/requests/", "/compute-dna"]
)
def test_404_for_an_address_that_is_not_there(path, owner, problem):
    assert "openapi.json" in problem(owner.get(path), 404)["detail"]


@pytest.mark.parametrize(
    "number", ["1", "0" * 32, "%00", "%ff", "..", "a" * 5000, "00000000-0000-0000-0000-00000000000g"]
)
def test_404_for_an_id_that_is_no_uuid(number, owner, problem):
    problem(owner.get(f"{REQUESTS}/{number}"), 404)


def test_404_for_a_request_names_the_team_that_looked(owner, problem):
    assert "'team'" in problem(owner.get(NOBODYS), 404)["detail"]


@pytest.mark.parametrize("name", ["no", "%00", "a%0d%0aX-Header: 1", "é", "a" * 5000])
def test_404_for_a_service_lists_those_there_are(name, owner, problem):
    assert "toy" in problem(owner.get(f"/api/v1/services/{name}"), 404)["detail"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/services", {"GET"}),
        (REQUESTS, {"GET", "POST"}),
        (f"{NOBODYS}/cancel", {"POST"}),
        ("/compute-dna/", {"GET", "POST"}),
        ("/api/v1/openapi.json", {"GET", "HEAD"}),
        ("/api/v1/docs", {"GET", "HEAD"}),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_405_names_the_methods_that_are_taken(method, path, allowed, owner, problem):
    client = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {owner.secret}"})
    answer = client.generic(method, path)
    problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_409_for_cancelling_what_has_ended(owner, make_computed, problem):
    request = make_computed({"number": 1})
    assert "ended" in problem(owner.post(f"{REQUESTS}/{request.pk}/cancel"), 409)["detail"]


def test_409_for_retrying_what_has_not_failed(owner, make_computed, problem):
    request = make_computed({"number": 1})
    assert "failed" in problem(owner.post(f"{REQUESTS}/{request.pk}/retry"), 409)["detail"]


@pytest.mark.parametrize("encoding", ["chunked", "Chunked", "gzip, chunked"])
def test_411_for_a_body_without_its_length(encoding, owner, problem):
    answer = owner.post(REQUESTS, "{}", content_type="application/json", headers={"Transfer-Encoding": encoding})
    assert "Content-Length" in problem(answer, 411)["detail"]


@override_settings(FOUNDRY_MAX_BODY_MB=1)
@pytest.mark.parametrize("path", [REQUESTS, "/compute-dna/", f"{NOBODYS}/cancel", "/api/v1/nothing"])
def test_413_for_a_body_over_the_limit_names_it(path, owner, problem):
    answer = owner.post(path, b" " * (1024 * 1024 + 1), content_type="application/json")
    detail = problem(answer, 413)["detail"]
    assert "1,048,577 bytes" in detail
    assert "1 MiB" in detail


@override_settings(FOUNDRY_MAX_BODY_MB=1)
def test_413_comes_before_the_body_is_read():
    class Unread(io.BytesIO):
        def read(self, *arguments: Any) -> bytes:
            raise AssertionError("the body was read")

    status, _, _ = wsgi(REQUESTS, "POST", CONTENT_LENGTH=str(10**12), **{"wsgi.input": Unread()})
    assert status == 413


@pytest.mark.parametrize(
    "content_type", ["", "text/csv", "application/xml", "application/x-www-form-urlencoded", "a/b/c", "é"]
)
def test_415_names_what_is_taken(content_type, owner, problem):
    detail = problem(owner.generic("POST", REQUESTS, b"x", content_type=content_type), 415)["detail"]
    assert "application/json" in detail
    assert "multipart/form-data" in detail


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "hex", "rot13", "undefined", "no-such"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_415_for_another_charset(charset, kind, owner, problem):
    answer = owner.generic("POST", REQUESTS, b'{"service": "toy"}', content_type=f"{kind}; charset={charset}")
    assert "UTF-8" in problem(answer, 415)["detail"]


def test_415_for_a_compressed_body(owner, submit, problem):
    assert "zip" in problem(submit(owner, headers={"Content-Encoding": "gzip"}), 415)["detail"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "query.limit"),
        ("limit=201", "query.limit"),
        ("limit=x", "query.limit"),
        ("limit=" + "9" * 5000, "query.limit"),
        ("state=lost", "query.state"),
        ("label=%00", "query.label"),
        ("service=%00", "query.service"),
    ],
)
def test_422_names_the_parameter(query, where, owner, problem):
    assert problem(owner.get(f"{REQUESTS}?{query}"), 422)["errors"][0]["where"] == where


def test_400_for_more_parameters_than_anyone_needs(owner, problem):
    problem(owner.get(f"{REQUESTS}?" + "&".join(f"a{number}=1" for number in range(1500))), 400)


@pytest.mark.parametrize("kind", ["application/json; charset*=bogus''x", "application/json; x=" + "y" * 20_000])
def test_a_content_type_that_cannot_be_read_is_refused(kind):
    status, headers, _ = wsgi(REQUESTS, "POST", b"{}", CONTENT_TYPE=kind)
    assert status in (400, 401, 415)
    assert headers["Content-Type"] == "application/problem+json"


def test_400_for_a_host_that_is_not_ours(owner, problem):
    problem(owner.get(REQUESTS, headers={"Host": "evil.example"}), 400)


@pytest.mark.parametrize("path", [REQUESTS, "/api/v1/services", "/compute-dna/"])
def test_500_hides_what_happened(path, owner, problem, monkeypatch):
    def broken(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("foundry.core.listing.page", broken)
    monkeypatch.setattr("foundry.catalog.services", broken)
    answer = owner.post(path, {"dna_sequence": "A"}, "application/json") if "dna" in path else owner.get(path)
    assert "secret" not in answer.text
    assert "logged" in problem(answer, 500)["detail"]


@pytest.mark.parametrize("path", [REQUESTS, "/compute-dna/"])
def test_503_while_the_database_does_not_answer(path, owner, problem, monkeypatch):
    def down(*arguments: Any) -> Any:
        raise OperationalError("connection to server at 10.0.0.1 failed: FATAL: sorry, too many clients already")

    monkeypatch.setattr("foundry.accounts.tokens.recognise", down)
    answer = owner.post(path, {"dna_sequence": "A"}, "application/json")
    assert "10.0.0.1" not in problem(answer, 503)["detail"]
    assert int(answer.headers["Retry-After"]) > 0


def test_other_addresses_keep_their_own_error_pages(client):
    assert client.get("/nothing").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/api/nothing", "/compute-dna", REQUESTS])
def test_an_errors_content_length_is_that_of_its_body(path):
    status, headers, content = wsgi(path, "DELETE")
    assert status in (401, 404, 405)
    assert int(headers["Content-Length"]) == len(content)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "status"), [(REQUESTS, 200), ("/api/v1/openapi.json", 200), ("/compute-dna/", 200), ("/api/v1/no", 404)]
)
def test_head_is_answered_like_get_without_a_body(path, status, owner):
    token = {"HTTP_AUTHORIZATION": f"Bearer {owner.secret}"}
    got, head = wsgi(path, **token), wsgi(path, "HEAD", **token)
    assert head[0] == got[0] == status
    assert head[1] == got[1]
    assert head[2] == b""


@pytest.mark.django_db(transaction=True)
def test_head_of_a_stream_has_no_body(owner, make_computed):
    request = make_computed({"number": 1})
    path = f"{REQUESTS}/{request.pk}/artifacts/numbers.txt"
    status, headers, content = wsgi(path, "HEAD", HTTP_AUTHORIZATION=f"Bearer {owner.secret}")
    assert (status, headers["Content-Type"], content) == (200, "text/plain", b"")


@pytest.mark.parametrize(
    "accept", ["", "*", "text/html", "application/xml;q=0.1", "a/b;q=x", "\x00", ",,,;;;", "é" * 1000]
)
def test_whatever_is_accepted_the_answer_is_json(accept, owner):
    answer = owner.get(REQUESTS, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
