"""Accepting a request."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


def test_accepted_is_202_with_the_requests_address(owner, submit):
    answer = submit(owner, {"number": 1}, {"number": 2}, label="plate 7")
    shown = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == shown["links"]["self"] == f"http://testserver/api/v1/requests/{shown['id']}"
    assert uuid.UUID(shown["id"]).version == 4
    assert (shown["state"], shown["label"], shown["owner"], shown["team"]) == ("queued", "plate 7", "owner", "team")
    assert shown["items"] == {"total": 2, "succeeded": 0, "failed": 0, "waiting": 2}


def test_every_link_of_an_answer_leads_somewhere(owner, submit, compute):
    shown = submit(owner, {"number": 1}, {"do": "err"}).json()
    compute()
    links = shown["links"]
    assert owner.get(links["self"]).status_code == 200
    assert owner.get(links["results"]).status_code == 200
    assert owner.post(links["retry"]).status_code == 202
    assert owner.post(links["cancel"]).status_code == 202


def test_items_that_cannot_be_computed_are_listed_with_the_reason(owner, submit):
    answer = submit(owner, {"number": 1}, {"number": -1, "name": "below"}, {"numbr": 1})
    refused = answer.json()["refused"]
    assert [(row["position"], row["name"], row["field"]) for row in refused] == [
        (2, "below", "number"),
        (3, "", "numbr"),
    ]
    assert "it must be at least 0" in refused[0]["message"]
    assert "no such field" in refused[1]["message"]


def test_of_many_refused_items_the_first_20_are_listed(owner, submit):
    answer = submit(owner, {"number": 1}, *({"number": -1} for _ in range(30)))
    assert [row["position"] for row in answer.json()["refused"]] == list(range(2, 22))
    assert answer.json()["items"]["failed"] == 30


def test_a_request_of_which_nothing_can_be_computed_is_422(owner, submit, problem):
    found = problem(submit(owner, {"number": -1}, {"number": -2}), 422)
    assert "None of the 2 items" in found["detail"]
    assert [error["position"] for error in found["errors"]] == [1, 2]


def test_defaults_are_for_items_that_do_not_say_themselves(owner, submit, compute):
    answer = submit(owner, {}, {"number": 2}, defaults={"number": 9})
    compute()
    results = owner.get(answer.json()["links"]["results"]).json()["results"]
    assert [result["values"]["number"] for result in results] == [9, 2]


def test_cancelled_items_stay_without_a_result(owner, submit, compute):
    shown = submit(owner, {"number": 1}).json()
    answer = owner.post(shown["links"]["cancel"])
    compute()
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert owner.get(shown["links"]["self"]).json()["items"]["waiting"] == 1


def test_retried_items_wait_again(owner, submit, compute):
    shown = submit(owner, {"do": "err"}, {"number": 1}).json()
    compute()
    answer = owner.post(shown["links"]["retry"])
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert answer.json()["items"] == {"total": 2, "succeeded": 1, "failed": 0, "waiting": 1}


def queries(act: object) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()  # type: ignore[operator]
    return [query["sql"].split()[0] for query in captured.captured_queries]


@pytest.mark.django_db(transaction=True)
def test_accepting_takes_as_many_queries_for_1000_items_as_for_10(owner, submit, monkeypatch):
    monkeypatch.setattr("foundry.core.submit.nudge", lambda **what: None)
    submit(owner)
    few = queries(lambda: submit(owner, *({"number": number} for number in range(10))))
    many = queries(lambda: submit(owner, *({"number": number} for number in range(1_000))))
    assert many == few
    assert few.count("BEGIN") == few.count("COMMIT") == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_request_is_kept_if_accepting_it_breaks(owner, submit, monkeypatch, problem):
    def broken(*arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("foundry.core.submit._refusals", broken)
    problem(submit(owner), 500)
    assert owner.get("/api/v1/requests").json()["requests"] == []
