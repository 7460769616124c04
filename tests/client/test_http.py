"""Repetition, errors and the token, against a real server."""

import socket

import pytest

from foundry.client import ConnectionFailedError, Foundry, FoundryError, http

from .conftest import HANG_UP, Answer, running


def problem(status, detail, **more):
    return Answer(status, {"type": "about:blank", "title": "Nope", "status": status, "detail": detail, **more})


def test_the_token_is_sent_even_where_netrc_knows_another(server, foundry, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.answer(Answer(body={"services": []}))
    foundry.services()
    assert server.asked[0].headers["Authorization"] == "Bearer fdy_secret"


@pytest.mark.parametrize("suffix", ["", "/", "/api/v1", "/api/v1/"])
def test_the_address_may_be_written_in_any_usual_way(server, suffix):
    server.answer(Answer(body={"services": []}))
    assert Foundry(server.url + suffix, "t").services() == []
    assert server.asked[0].path == "/api/v1/services"


def test_address_and_token_come_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("FOUNDRY_URL", server.url)
    monkeypatch.setenv("FOUNDRY_TOKEN", "fdy_from_there")
    server.answer(Answer(body={"services": []}))
    Foundry().services()
    assert server.asked[0].headers["Authorization"] == "Bearer fdy_from_there"


def test_without_an_address_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv("FOUNDRY_URL", raising=False)
    with pytest.raises(ValueError, match="set FOUNDRY_URL"):
        Foundry()


def test_what_a_gateway_finds_too_large_says_what_to_do(server, foundry):
    server.answer(Answer(413, b'{"message": "Request Too Long"}', {"Content-Type": "application/json"}))
    with pytest.raises(FoundryError, match="submit fewer items in one request, or files in a zip"):
        foundry.submit("toy", [{"number": 1}])


@pytest.mark.parametrize("trouble", [HANG_UP, Answer(502), Answer(503), Answer(504), Answer(429)])
def test_a_submission_is_repeated_with_the_same_key(server, foundry, request_json, trouble):
    server.answer(trouble, trouble, Answer(202, request_json()))
    assert foundry.submit("toy", [{"number": 1}]).id == "r1"
    first, *repetitions = server.asked
    assert first.headers["Idempotency-Key"]
    assert [(one.body, one.headers["Idempotency-Key"]) for one in repetitions] == [
        (first.body, first.headers["Idempotency-Key"])
    ] * 2


def test_files_are_sent_whole_again(server, foundry, request_json, tmp_path):
    path = tmp_path / "one.fasta"
    path.write_bytes(b">one\nACGT\n")
    server.answer(HANG_UP, Answer(202, request_json()))
    foundry.submit("toy", files=[path, ("two.fasta", b">two\nGGGG\n")], options={"a": 1}, defaults={"b": "c"})
    for asked in server.asked:
        for part in (b'filename="one.fasta"', b">one\nACGT\n", b">two\nGGGG\n", b'{"a": 1}', b'{"b": "c"}'):
            assert part in asked.body
    assert len(server.asked) == 2


def test_every_submission_has_a_key_of_its_own_unless_one_is_given(server, foundry, request_json):
    server.answer(Answer(202, request_json()))
    foundry.submit("toy", [])
    foundry.submit("toy", [])
    foundry.submit("toy", [], idempotency_key="mine")
    first, second, third = (asked.headers["Idempotency-Key"] for asked in server.asked)
    assert first != second
    assert third == "mine"


def test_it_gives_up_after_a_few_times_with_growing_pauses(server, foundry, pauses):
    server.answer(problem(503, "Too much to do."))
    with pytest.raises(FoundryError, match="Too much to do"):
        foundry.services()
    assert len(server.asked) == http.ATTEMPTS
    assert len(pauses) == http.ATTEMPTS - 1
    assert pauses == sorted(pauses)


def test_it_waits_as_long_as_the_server_asks(server, foundry, pauses):
    server.answer(Answer(429, headers={"Retry-After": "7"}), Answer(body={"services": []}))
    foundry.services()
    assert 7 * 0.75 <= pauses[0] <= 7 * 1.25


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_what_may_have_happened_already_is_not_repeated(server, foundry, action):
    server.answer(HANG_UP)
    with pytest.raises(ConnectionFailedError):
        getattr(foundry, action)("r1")
    assert len(server.asked) == 1


def test_a_refusal_is_not_repeated_and_says_all_it_was_told(server, foundry):
    faults = [
        {"position": 2, "name": "pUC19", "field": "sequence", "message": "'U' is RNA."},
        {"name": "x", "message": "x: no."},
    ]
    server.answer(problem(422, "Two faults.", errors=faults))
    with pytest.raises(FoundryError) as caught:
        foundry.submit("toy", [{}])
    error = caught.value
    assert (error.status, error.title, error.detail, error.errors) == (422, "Nope", "Two faults.", tuple(faults))
    assert str(error).splitlines() == ["Two faults.", "  item 2, pUC19, sequence: 'U' is RNA.", "  x: no."]
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_named_with_the_reason():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ConnectionFailedError) as caught:
            Foundry(url, "t").services()
    assert str(caught.value) == f"No answer from {url}: connection refused."


@pytest.mark.parametrize("answer", [Answer(body=b"<html>"), Answer(404, b"<html>", {"Content-Type": "text/html"})])
def test_a_server_that_is_not_foundry_is_told_from_one_that_is(server, foundry, answer):
    server.answer(answer)
    with pytest.raises(FoundryError, match="not as Foundry does"):
        foundry.services()


def test_an_answer_of_another_shape_is_an_error_that_says_so(server, foundry):
    server.answer(Answer(body={"id": "r1", "state": "dreaming"}))
    with pytest.raises(FoundryError, match="'dreaming' is not a valid RequestState"):
        foundry.request("r1")


def test_a_submission_does_not_become_a_list_when_it_is_sent_elsewhere(server, foundry):
    server.answer(Answer(301, headers={"Location": "https://elsewhere.example/api/v1/requests"}))
    with pytest.raises(FoundryError, match=r"on to https://elsewhere\.example/api/v1/requests: use that address"):
        foundry.submit("toy", [{}])


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://"])
def test_an_impossible_address_is_an_error_like_others(url):
    with pytest.raises(FoundryError, match="cannot be asked"):
        Foundry(url, "t").services()


MADE_LATER = problem(503, "It is being made.", errors=[{"code": "file_being_made", "message": "It is being made."}])
MADE_LATER.headers["Retry-After"] = "4"


@pytest.fixture
def elsewhere():
    """Another server, where files are kept."""
    with running() as server:
        server.answer(Answer(body=b"the file", headers={"Content-Type": "text/plain"}))
        yield server


def test_a_file_elsewhere_is_fetched_without_the_token(server, foundry, elsewhere, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.answer(Answer(303, {"url": "..."}, {"Location": f"{elsewhere.url}/files/x?X-Amz-Signature=y"}))
    saved = foundry.download("r1", "annotated.gb", tmp_path / "one.gb")
    assert saved.read_bytes() == b"the file"
    assert server.asked[0].headers["Authorization"] == "Bearer fdy_secret"
    (asked,) = elsewhere.asked
    assert asked.path == "/files/x?X-Amz-Signature=y"
    assert "authorization" not in {name.lower() for name in asked.headers}


def test_on_its_way_to_another_page_of_the_same_server_the_token_stays(server, foundry):
    server.answer(Answer(307, headers={"Location": "/api/v1/other"}), Answer(body={"services": []}))
    foundry.services()
    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer fdy_secret"] * 2


def test_a_file_that_is_being_made_is_waited_for_however_long(server, foundry, pauses):
    times = 3 * http.ATTEMPTS
    server.answer(*[MADE_LATER] * times, Answer(body=b"the file"))
    assert b"".join(foundry.artifact("r1", "annotated.gb")) == b"the file"
    assert len(pauses) == times
    assert all(4 * 0.75 <= pause <= 4 * 1.25 for pause in pauses)


def test_a_link_that_has_expired_is_an_error_and_no_file(server, foundry, elsewhere, tmp_path):
    server.answer(Answer(303, headers={"Location": f"{elsewhere.url}/files/x"}))
    elsewhere.answer(Answer(403, b"<Error>Request has expired</Error>", {"Content-Type": "application/xml"}))
    with pytest.raises(FoundryError, match="403"):
        foundry.download("r1", "annotated.gb", tmp_path / "one.gb")
    assert list(tmp_path.iterdir()) == []
