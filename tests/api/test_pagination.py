"""Pages: every request and every result exactly once, also while new ones come."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from foundry.core.models import ServiceRequest
from tests.api.conftest import REQUESTS

pytestmark = pytest.mark.django_db


def pages(client: Any, address: str | None) -> Iterator[dict[str, Any]]:
    while address:
        page = client.get(address).json()
        yield page
        address = page["next"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_every_request_is_listed_once_the_newest_first(limit, owner, make_request):
    made = [str(make_request({"number": number}).pk) for number in range(7)]
    found = [[row["id"] for row in page["requests"]] for page in pages(owner, f"{REQUESTS}?limit={limit}")]
    assert max(map(len, found)) <= limit
    assert sorted(chain(*found)) == sorted(made)


def test_requests_of_the_same_instant_are_listed_once(owner, make_request):
    made = {str(make_request({"number": number}).pk) for number in range(5)}
    ServiceRequest.objects.update(created_at="2026-01-01T00:00:00.123456Z")
    found = [row["id"] for page in pages(owner, f"{REQUESTS}?limit=2") for row in page["requests"]]
    assert (set(found), len(found)) == (made, 5)


def test_requests_that_come_meanwhile_do_not_move_the_pages(owner, make_request):
    made = {str(make_request({"number": number}).pk) for number in range(4)}
    found = []
    for page in pages(owner, f"{REQUESTS}?limit=1"):
        found += [row["id"] for row in page["requests"]]
        make_request({"number": 99})
    assert (set(found), len(found)) == (made, 4)


def test_the_next_page_keeps_the_filters(owner, make_request):
    wanted = {str(make_request({"number": 1}, label="plate 7").pk) for _ in range(3)}
    make_request({"number": 1}, label="other")
    found = [
        row["id"]
        for page in pages(owner, f"{REQUESTS}?limit=1&label=PLATE&service=toy&state=queued")
        for row in page["requests"]
    ]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize(
    ("query", "count"), [("state=queued", 1), ("state=succeeded", 1), ("state=failed", 0), ("service=toy-saving", 0)]
)
def test_a_filter_leaves_the_others_out(query, count, owner, make_computed, make_request):
    make_computed({"number": 1})
    make_request({"number": 2})
    assert len(owner.get(f"{REQUESTS}?{query}").json()["requests"]) == count


@pytest.mark.parametrize("limit", [1, 3, 10, 1000])
def test_every_result_is_given_once_by_position(limit, owner, make_computed):
    request = make_computed(*({"number": number} for number in range(10)))
    found = [page["results"] for page in pages(owner, f"{REQUESTS}/{request.pk}/results?limit={limit}")]
    assert max(map(len, found)) <= limit
    assert [row["position"] for row in chain(*found)] == list(range(1, 11))


def test_results_that_come_behind_the_cursor_do_not_repeat_others(owner, make_request, compute):
    request = make_request(*({"number": number} for number in range(6)))
    assert owner.get(f"{REQUESTS}/{request.pk}/results").json() == {"results": [], "next": None}
    compute()
    found = [
        row["position"] for page in pages(owner, f"{REQUESTS}/{request.pk}/results?limit=4") for row in page["results"]
    ]
    assert found == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("state", "positions"), [("succeeded", [1, 3]), ("failed", [2, 4])])
def test_results_of_one_state(state, positions, owner, make_computed):
    request = make_computed({"number": 1}, {"do": "err"}, {"number": 3}, {"number": -1})
    address = f"{REQUESTS}/{request.pk}/results?limit=1&state={state}"
    assert [row["position"] for page in pages(owner, address) for row in page["results"]] == positions


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BAD = [
    "x",
    "=",
    "%00",
    "%ff",
    "é",
    "A" * 4000,
    _cursor("null"),
    _cursor("{}"),
    _cursor("[" * 500),
    _cursor("-1"),
    _cursor("1.5"),
    _cursor('["2026-01-01", 1]'),
    _cursor('["2026-01-01T00:00:00", "00000000-0000-0000-0000-000000000000"]'),
    _cursor('["99999-01-01T00:00:00Z", "00000000-0000-0000-0000-000000000000"]'),
    _cursor('["0001-01-01T00:00:00+23:59", "00000000-0000-0000-0000-000000000000"]'),
    _cursor('["9999-12-31T23:59:59-23:59", "00000000-0000-0000-0000-000000000000"]'),
]


@pytest.mark.parametrize("cursor", [*BAD, _cursor("1")])
def test_a_cursor_of_requests_that_we_did_not_give_is_422(cursor, owner, problem):
    assert "`next`" in problem(owner.get(f"{REQUESTS}?cursor={cursor}"), 422)["detail"]


@pytest.mark.parametrize("cursor", BAD)
def test_a_cursor_of_results_that_we_did_not_give_is_422(cursor, owner, make_request, problem):
    request = make_request({"number": 1})
    assert "`next`" in problem(owner.get(f"{REQUESTS}/{request.pk}/results?cursor={cursor}"), 422)["detail"]


@pytest.mark.parametrize("position", [0, 2**31, 2**63, 10**400])
def test_a_cursor_past_the_end_gives_an_empty_page(position, owner, make_request):
    request = make_request({"number": 1})
    address = f"{REQUESTS}/{request.pk}/results?cursor={_cursor(str(position))}"
    assert owner.get(address).json() == {"results": [], "next": None}


def test_a_cursor_shows_nothing_of_another_team(owner, stranger, make_request):
    for number in range(3):
        make_request({"number": number})
    following = owner.get(f"{REQUESTS}?limit=1").json()["next"]
    assert stranger.get(following).json() == {"requests": [], "next": None}


def test_next_is_an_absolute_address_with_one_cursor(owner, make_request):
    for number in range(3):
        make_request({"number": number})
    second = owner.get(owner.get(f"{REQUESTS}?limit=1").json()["next"]).json()["next"]
    assert second.startswith("http://testserver/api/v1/requests?")
    assert len(parse_qs(urlsplit(second).query)["cursor"]) == 1
