"""The list of requests: whose they are, filters, pages, and when it looks again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundry.core.models import ServiceRequest

pytestmark = pytest.mark.django_db

REQUESTS = "/requests/"


def labels(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row.title for row in answer.context["rows"]]


@pytest.fixture
def make(make_request):
    def make(label="one", **fields):
        return make_request({"number": 1}, label=label, **fields)

    return make


def test_the_team_sees_its_requests_and_nobody_else(owners_browser, teammates_browser, strangers_browser, make):
    make("ours")
    assert labels(owners_browser.get(REQUESTS)) == labels(teammates_browser.get(REQUESTS)) == ["ours"]
    answer = strangers_browser.get(REQUESTS)
    assert labels(answer) == []
    assert "Your team has no requests yet" in answer.text


def test_who_has_not_signed_in_is_asked_to(client):
    answer = client.get(REQUESTS)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/sign-in/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["c", "b", "a"]),
        ("label=B", ["b"]),
        ("service=toy-saving", ["c"]),
        ("state=succeeded", ["a"]),
        ("state=queued", ["c", "b"]),
        ("owner=teammate", ["b"]),
        ("tag=Gold", ["a"]),
        ("tag=gol", []),
        ("since=2026-01-02", ["c", "b"]),
        ("until=2026-01-02", ["b", "a"]),
        ("since=2026-01-02&until=2026-01-02", ["b"]),
        ("state=queued&service=toy", ["b"]),
        ("until=9999-12-31", ["c", "b", "a"]),
    ],
)
def test_filters_leave_the_others_out(query, found, owners_browser, teammate, make, compute):
    for day, request in enumerate(
        (
            make("a", tags=["gold", "plate 7"]),
            make("b", caller=teammate.caller),
            make("c", service="toy-saving"),
        ),
        1,
    ):
        ServiceRequest.objects.filter(pk=request.pk).update(created_at=f"2026-01-0{day}T23:59:59Z")
        if day == 1:
            request.jobs.update(owner=request.owner)
            compute_only(request)
    assert labels(owners_browser.get(f"{REQUESTS}?{query}")) == found


def compute_only(request):
    """As if its job had been computed."""
    request.jobs.update(state="running", attempt=1, claimed_at=timezone.now(), lease_until=timezone.now())
    request.jobs.update(state="succeeded", items_succeeded=1, finished_at=timezone.now(), lease_until=None)


@pytest.mark.parametrize("query", ["state=no", "service=%00", "since=yesterday", "before=x", "label=%00", "looks=-1"])
def test_a_filter_that_is_none_is_told_and_no_fault_of_ours(query, owners_browser, make):
    make("here")
    assert labels(owners_browser.get(f"{REQUESTS}?{query}")) == ["here"]


def test_pages_hold_every_request_once_and_keep_the_filters(owners_browser, make):
    made = [make(f"plate {number}").label for number in range(60)]
    make("other")
    ServiceRequest.objects.update(created_at="2026-01-01T00:00:00.123456Z")
    found, address = [], f"{REQUESTS}?label=PLATE"
    while address:
        answer = owners_browser.get(address)
        found += labels(answer)
        address = answer.context["older"] and REQUESTS + answer.context["older"]
    assert sorted(found) == sorted(made)


def test_a_page_looks_at_a_bounded_number_of_requests(owners_browser, make, monkeypatch):
    monkeypatch.setattr("foundry.core.listing._WINDOWS", (2, 3))
    oldest = make("wanted")
    ServiceRequest.objects.filter(pk=oldest.pk).update(created_at=timezone.now() - timedelta(days=9))
    for number in range(40):
        make(f"other {number}")
    first = owners_browser.get(f"{REQUESTS}?label=wanted")
    assert (labels(first), first.context["looked_at"]) == ([], 31)
    assert "31 requests looked at" in first.text
    assert labels(owners_browser.get(REQUESTS + first.context["older"])) == ["wanted"]


def test_it_looks_again_ever_later_while_something_goes_on(owners_browser, make):
    make()
    delays, address = [], REQUESTS
    for _ in range(12):
        answer = owners_browser.get(address, headers={"HX-Request": "true"})
        poll = answer.context["poll"]
        delays.append(poll.delay_ms)
        assert f'hx-trigger="load delay:{poll.delay_ms}ms, look"' in answer.text
        address = poll.address
    assert delays == sorted(delays)
    assert delays[0] < 2000 < delays[-1] == 30_000
    assert "<html" not in answer.text


def test_it_stops_looking_when_all_have_ended(owners_browser, make, compute):
    make()
    compute()
    answer = owners_browser.get(f"{REQUESTS}?looks=3", headers={"HX-Request": "true"})
    assert labels(answer) == ["one"]
    assert "hx-get" not in answer.text


def test_without_htmx_the_same_address_is_a_whole_page(owners_browser, make):
    make()
    assert "<html" in owners_browser.get(f"{REQUESTS}?looks=3").text


def test_a_label_is_text(owners_browser, make):
    make("<script>alert(1)</script>", tags=["<b>"])
    answer = owners_browser.get(REQUESTS)
    assert "&lt;script&gt;alert(1)" in answer.text
    assert not re.search("<script>|<b>", answer.text)


def test_the_number_of_queries_does_not_grow(owners_browser, make):
    for number in range(30):
        make(f"{number}", tags=["a"])
    with CaptureQueriesContext(connection) as queries:
        owners_browser.get(f"{REQUESTS}?state=failed&label=x&owner=owner&tag=a")
    assert 3 < len(queries) < 15
