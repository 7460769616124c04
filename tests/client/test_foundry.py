"""What the methods send and return."""

import json

import pytest

from foundry.client import ConnectionFailedError, FoundryError, Request, RequestState

from .conftest import Answer


def lines(*results):
    return b"".join(json.dumps(result).encode() + b"\n" for result in results)


def test_items_or_files_must_be_given_and_not_both(foundry):
    for arguments in ({}, {"items": [], "files": []}):
        with pytest.raises(ValueError, match="either items or files"):
            foundry.submit("toy", **arguments)


def test_a_submission_comes_back_as_a_typed_request(server, foundry, request_json):
    refused = {"position": 3, "name": "x", "source": None, "code": "c", "message": "m", "field": None, "positions": [1]}
    server.answer(Answer(202, request_json(refused=[refused], unheard_of=True)))
    given = {"options": {"factor": 2}, "defaults": {"number": 3}, "label": "l", "tags": ["t"]}
    request = foundry.submit("toy", [{"number": 1}], **given)
    assert isinstance(request, Request)
    assert request.state is RequestState.QUEUED
    assert request.created_at.isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert request.refused[0].positions == (1,)
    assert json.loads(server.asked[0].body) == {
        "service": "toy",
        "items": [{"number": 1}],
        "options": {"factor": 2},
        "defaults": {"number": 3},
        "label": "l",
        "tags": ["t"],
        "priority": 0,
    }


def test_a_submission_made_before_says_so(server, foundry, request_json):
    server.answer(Answer(202, request_json(), {"Idempotent-Replayed": "true"}), Answer(202, request_json()))
    assert [foundry.submit("toy", [{}], idempotency_key="k").replayed for _ in range(2)] == [True, False]


def test_a_request_has_its_tags_and_what_it_cost(server, foundry, request_json):
    cost = {"usd": 0.5, "billed_ms": 7, "gb_seconds": 0.1, "attempts": 2, "price_lists": ["AWS 2026"]}
    server.answer(Answer(body=request_json(tags=["cycle 7", "<b>"], cost=cost)), Answer(body=request_json()))
    request = foundry.request("r1")
    assert request.tags == ("cycle 7", "<b>")
    assert (request.cost.usd, request.cost.price_lists) == (0.5, ("AWS 2026",))
    assert "cycle 7 · &lt;b&gt;" in request._repr_html_()
    assert (foundry.request("r1").tags, foundry.request("r1").cost) == ((), None)


def test_waiting_looks_until_the_end_and_less_and_less_often(server, foundry, request_json, pauses):
    server.answer(
        *[Answer(body=request_json("running", done)) for done in range(4)], Answer(body=request_json("partial"))
    )
    seen = []
    assert foundry.wait("r1", progress=seen.append).state is RequestState.PARTIAL
    assert [request.items.done for request in seen] == [0, 1, 2, 3, 0]
    assert pauses[0] == 0.1
    assert pauses == sorted(pauses)
    assert len(pauses) == 4


def test_waiting_ends_after_the_timeout(server, foundry, request_json):
    server.answer(Answer(body=request_json("running")))
    with pytest.raises(TimeoutError, match=r"r1 is still running after 0 s; it goes on"):
        foundry.wait("r1", timeout=0)


def test_the_list_of_requests_goes_on_through_all_pages_and_stays_at_its_address(server, foundry, request_json):
    following = "https://elsewhere.example/api/v1/requests?cursor=abc&limit=2"
    server.answer(
        Answer(body={"requests": [request_json(id="a"), request_json(id="b")], "next": following}),
        Answer(body={"requests": [request_json(id="c")], "next": None}),
    )
    found = foundry.requests(state=RequestState.QUEUED, tag="t", page_size=2)
    assert [request.id for request in found] == ["a", "b", "c"]
    assert [asked.path for asked in server.asked] == [
        "/api/v1/requests?state=queued&tag=t&limit=2",
        "/api/v1/requests?cursor=abc&limit=2",
    ]


def test_results_are_read_as_they_arrive_whatever_the_pieces(server, foundry):
    error = {"code": "c", "message": "µ", "field": None, "positions": []}
    made = [
        {"position": n, "name": "é" * 50_000, "source": {"file": "f", "record": "r", "line": n}, "state": "failed"}
        | {"values": None, "error": error}
        for n in range(1, 4)
    ]
    server.answer(Answer(body=lines(*made)))
    found = list(foundry.results("r1", "failed"))
    assert server.asked[0].path == "/api/v1/requests/r1/results?format=ndjson&state=failed"
    assert [result.position for result in found] == [1, 2, 3]
    assert found[0].error.message == "µ"
    assert found[2].source.line == 3


def test_results_that_break_off_are_an_error(server, foundry):
    body = lines(*[{"position": n, "name": "", "state": "succeeded", "values": {}} for n in range(1, 4)])
    server.answer(Answer(body=body, cut=len(body) // 2))
    with pytest.raises(ConnectionFailedError):
        list(foundry.results("r1"))


def test_a_download_is_there_when_it_is_complete(server, foundry, tmp_path):
    server.answer(Answer(body=b"LOCUS" * 100_000))
    saved = foundry.download("r1", "annotated.gb", tmp_path / "one.gb", item=3)
    assert saved.read_bytes() == b"LOCUS" * 100_000
    (ordinary := tmp_path / "ordinary").touch()
    assert saved.stat().st_mode == ordinary.stat().st_mode
    assert server.asked[0].path == "/api/v1/requests/r1/artifacts/annotated.gb?item=3"


@pytest.mark.parametrize("before", [None, b"older"])
@pytest.mark.parametrize(
    "answer", [Answer(body=b"x" * 300_000, cut=200_000), Answer(404, {"title": "No", "detail": "No."})]
)
def test_a_download_that_fails_leaves_what_was_there(server, foundry, tmp_path, before, answer):
    path = tmp_path / "one.gb"
    if before:
        path.write_bytes(before)
    server.answer(answer)
    with pytest.raises(FoundryError):
        foundry.download("r1", "annotated.gb", path)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([before] if before else [])


def test_names_cannot_leave_their_place_in_the_address(server, foundry):
    server.answer(Answer(404, {"title": "No", "detail": "No."}))
    for ask in (foundry.request, foundry.service, foundry.cancel):
        with pytest.raises(FoundryError):
            ask("../x?y#z")
    assert all(asked.path.split("/")[-1].startswith(("..%2Fx%3Fy%23z", "cancel")) for asked in server.asked)


def test_only_ended_requests_have_ended():
    ended = {state for state in RequestState if state.has_ended}
    assert ended == {*RequestState} - {RequestState.QUEUED, RequestState.RUNNING}


def test_results_too_large_for_one_answer_come_in_pages(server, foundry):
    result = {"position": 1, "name": "", "state": "failed"}
    server.answer(
        Answer(413, {"title": "Content Too Large", "detail": "over 6 MB"}),
        Answer(body={"results": [result], "next": None}),
    )
    assert [one.position for one in foundry.results("r1")] == [1]
    assert ["format=ndjson" in asked.path for asked in server.asked] == [True, False]
