"""The prototype's contract over HTTP: two answers, word for word; each POST is an ordinary service request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from foundry.accounts.models import Scope
from foundry.core.models import ServiceRequest
from tests.api.conftest import REQUESTS

pytestmark = pytest.mark.django_db

PATH = "/compute-dna/"
BODY = json.dumps({"dna_sequence": "ATCGGCTA"})


def post(client: Any, body: Any = BODY, content_type: str = "application/json", **headers: Any) -> Any:
    return client.post(PATH, body, content_type=content_type, **headers)


def test_get_greets_whoever_asks():
    answer = Client().get(PATH)
    assert (answer.status_code, answer.content) == (200, b"Hello Zappa Prototype!")


def test_post_answers_at_once(owner):
    answer = post(owner)
    assert (answer.status_code, answer.content) == (200, b"Compute DNA Task Received.")
    assert ServiceRequest.objects.get().jobs.get().state == "queued"


def test_post_is_an_ordinary_request_of_the_tokens_owner(owner, compute):
    post(owner)
    compute("compute-dna")
    (shown,) = owner.get(REQUESTS).json()["requests"]
    assert (shown["service"], shown["owner"], shown["team"]) == ("compute-dna", "owner", "team")
    (result,) = owner.get(shown["links"]["results"]).json()["results"]
    assert (result["state"], result["values"]["length"], result["values"]["topology"]) == ("succeeded", 8, "linear")


def test_a_stranger_does_not_see_it(owner, stranger):
    post(owner)
    assert stranger.get(REQUESTS).json()["requests"] == []


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"]
)
def test_the_content_type_does_not_matter(content_type, owner):
    assert owner.generic("POST", PATH, BODY, content_type=content_type).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer fdy_no", "Basic eDp5", "Bearer é"])
def test_post_without_a_good_token_is_401_and_nothing_is_kept(header, problem):
    answer = post(Client(headers={} if header is None else {"authorization": header}))
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert not ServiceRequest.objects.exists()


def test_post_without_the_scope_is_403(api_of, problem):
    assert "requests:write" in problem(post(api_of("reader", "team", scopes=[Scope.READ])), 403)["detail"]


@pytest.mark.parametrize("name", ["lambda.event", "lambda-event", "lambda_event", "Lambda.Event", "X-Lambda-Event"])
def test_no_header_makes_a_caller_trusted(name, problem):
    problem(post(Client(), headers={name: "{}"}), 401)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("{}", "dna_sequence"),
        ('{"dna_sequence": null}', "dna_sequence"),
        ('{"dna_sequence": 1}', "dna_sequence"),
        ('{"dna_sequence": ["A"]}', "dna_sequence"),
        ('{"dna_sequence": "A", "priority": 5}', "priority"),
        ("[]", "body"),
        ("null", "body"),
    ],
)
def test_a_body_that_does_not_fit_is_422_and_says_where(body, where, owner, problem):
    assert problem(post(owner, body), 422)["errors"][0]["where"] == where


@pytest.mark.parametrize("body", ["", "{", "dna_sequence=ATCG", b"\xff"])
def test_a_body_that_is_not_json_is_400(body, owner, problem):
    problem(post(owner, body), 400)


@pytest.mark.parametrize(
    ("sequence", "said"), [("ATXG", "'X' at position 3"), ("", "empty"), ("A\\u0000", "position 2")]
)
def test_a_sequence_that_is_none_is_422_and_says_where(sequence, said, owner, problem):
    found = problem(post(owner, f'{{"dna_sequence": "{sequence}"}}'), 422)
    assert said in found["errors"][0]["message"]


def test_without_the_service_it_is_404(owner, problem, monkeypatch):
    monkeypatch.setattr("foundry.catalog.services", dict)
    problem(post(owner), 404)
