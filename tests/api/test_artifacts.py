"""Artifacts: files drawn from the results when somebody asks for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from foundry import catalog
from tests.api.conftest import REQUESTS
from tests.toys.toy import SERVICE

pytestmark = pytest.mark.django_db


def take(client: Any, request: Any, name: str) -> Any:
    return client.get(f"{REQUESTS}/{request.pk}/artifacts/{name}")


def test_an_artifact_is_drawn_of_all_computed_items(owner, make_computed):
    request = make_computed({"number": 5}, {"number": -1}, {"do": "err"}, {"number": 7})
    answer = take(owner, request, "numbers.txt")
    assert b"".join(answer) == b"1 5\n3 toy_error\n4 7\n"
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="numbers.txt"'


def test_an_artifact_of_one_item_is_named_after_its_position(owner, make_computed):
    answer = take(owner, make_computed({"number": 5}, {"number": 7}), "one.txt?item=2")
    assert b"".join(answer) == b"2 7\n"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2-one.txt"'


def test_the_links_of_a_request_lead_to_its_artifacts(owner, make_computed):
    request = make_computed({"number": 5})
    links = owner.get(f"{REQUESTS}/{request.pk}").json()["artifacts"]
    assert [link["name"] for link in links] == ["numbers.txt", "one.txt"]
    assert b"".join(owner.get(links[0]["url"])) == b"1 5\n"
    assert b"".join(owner.get(links[1]["url"] + "?item=1")) == b"1 5\n"


@pytest.mark.parametrize("name", ["no.txt", "..%2f..%2fetc%2fpasswd", "a%0d%0aSet-Cookie:%20x=1", "%00", "NUMBERS.TXT"])
def test_404_for_an_unknown_artifact_lists_those_there_are(name, owner, make_computed, problem):
    answer = take(owner, make_computed({"number": 5}), name)
    problem(answer, 404)
    assert "Set-Cookie" not in answer.headers


def test_422_without_the_item(owner, make_computed, problem):
    assert "?item=1" in problem(take(owner, make_computed({"number": 5}), "one.txt"), 422)["detail"]


@pytest.mark.parametrize("item", ["x", "", "1.5", "%00", "9" * 5000])
def test_422_for_an_item_that_is_no_position(item, owner, make_computed, problem):
    found = problem(take(owner, make_computed({"number": 5}), f"one.txt?item={item}"), 422)
    assert found["errors"][0]["where"] == "query.item"


@pytest.mark.parametrize("item", ["0", "-1", "3", str(2**63), "9" * 4000])
def test_404_for_a_position_outside_the_request(item, owner, make_computed, problem):
    answer = take(owner, make_computed({"number": 5}, {"number": 6}), f"one.txt?item={item}")
    assert "1 to 2" in problem(answer, 404)["detail"]


def test_409_for_an_item_that_failed(owner, make_computed, problem):
    answer = take(owner, make_computed({"number": 5}, {"do": "err"}), "one.txt?item=2")
    assert "failed" in problem(answer, 409)["detail"]


def test_409_for_an_item_that_waits_says_when_to_ask_again(owner, make_request, problem):
    answer = take(owner, make_request({"number": 5}), "one.txt?item=1")
    assert "no result yet" in problem(answer, 409)["detail"]
    assert int(answer.headers["Retry-After"]) > 0


def test_of_what_is_not_computed_an_artifact_is_empty(owner, make_request):
    assert b"".join(take(owner, make_request({"number": 5}), "numbers.txt")) == b""


def _broken(entries: Any, options: Any) -> Iterator[str]:
    raise RuntimeError("secret detail")
    yield ""


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the toy other artifacts."""

    def declare(**changes: Any) -> None:
        artifact = dataclasses.replace(SERVICE.artifacts[0], **changes)
        toy = dataclasses.replace(SERVICE, artifacts=[artifact])
        monkeypatch.setattr(catalog, "services", lambda: {"toy": toy})

    return declare


def test_500_if_it_cannot_be_drawn_and_not_half_a_file(owner, make_computed, declare, problem):
    declare(render=f"{__name__}:_broken")
    assert "secret" not in problem(take(owner, make_computed({"number": 5}), "numbers.txt"), 500)["detail"]


def test_a_name_cannot_break_out_of_its_header(owner, make_computed, declare):
    declare(name='a"; filename="b.exe')
    answer = take(owner, make_computed({"number": 5}), "a%22;%20filename=%22b.exe")
    assert answer.headers["Content-Disposition"] == r'attachment; filename="a\"; filename=\"b.exe"'


@pytest.mark.parametrize(("items", "queries"), [(150, 5), (1_100, 12)])
def test_drawing_takes_queries_by_the_hundred_items(items, queries, owner, make_computed, django_assert_num_queries):
    """The token and its use, the request; a query for each 500 results, one for each 200 items."""
    request = make_computed(*({"number": 1} for _ in range(items)))
    with django_assert_num_queries(queries):
        assert b"".join(take(owner, request, "numbers.txt")).count(b"\n") == items
