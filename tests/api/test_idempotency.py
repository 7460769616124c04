"""Idempotency-Key: the same submission under the same key is accepted once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from foundry.core.models import Item, ServiceRequest
from tests.api.conftest import REQUESTS

KEY = {"Idempotency-Key": "run-42"}


@pytest.mark.django_db
def test_the_same_key_and_body_gives_the_same_request(owner, submit):
    first, second = submit(owner, headers=KEY), submit(owner, headers=KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert first.headers["Location"] == second.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert ServiceRequest.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [
        {"items": [{"number": 2}]},
        {"items": [{"number": 1}, {"number": 1}]},
        {"options": {"factor": 2}},
        {"defaults": {"name": "x"}},
        {"label": "x"},
        {"priority": -1},
        {"service": "toy-saving"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_same_key_with_another_body_is_422(other, owner, submit, problem):
    submit(owner, headers=KEY)
    assert "run-42" in problem(submit(owner, headers=KEY, **other), 422)["detail"]
    assert ServiceRequest.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_of_another_team_is_another_key(owner, stranger, submit):
    first, second = submit(owner, headers=KEY), submit(stranger, {"number": 2}, headers=KEY)
    assert second.status_code == 202
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.django_db
def test_a_refused_submission_does_not_use_up_its_key(owner, submit):
    assert submit(owner, {"number": -1}, headers=KEY).status_code == 422
    assert submit(owner, headers=KEY).status_code == 202


@pytest.mark.django_db
def test_without_a_key_each_submission_is_its_own(owner, submit):
    assert submit(owner).json()["id"] != submit(owner).json()["id"]


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b", "a\tb", "a\x7f", "a\x85"])
def test_a_key_that_cannot_be_one_is_400(key, owner, submit, problem):
    assert "255" in problem(submit(owner, headers={"Idempotency-Key": key}), 400)["detail"]


@pytest.mark.django_db
def test_a_key_may_have_255_characters_of_any_script(owner, submit):
    assert submit(owner, headers={"Idempotency-Key": "é" * 255}).status_code == 202


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keyed", [True, False])
def test_twins_that_come_at_once_are_one_request_if_they_have_a_key(keyed, owner):
    answers: list[Any] = []
    start = threading.Barrier(8)

    def post() -> None:
        client = Client(headers={"authorization": f"Bearer {owner.secret}"} | (KEY if keyed else {}))
        body = {"service": "toy", "items": [{"number": number} for number in range(50)]}
        start.wait()
        answers.append(client.post(REQUESTS, body, content_type="application/json"))
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [202] * 8
    expected = 1 if keyed else 8
    assert len({answer.json()["id"] for answer in answers}) == ServiceRequest.objects.count() == expected
    assert Item.objects.count() == 50 * expected
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == expected
