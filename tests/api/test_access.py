"""Who may do what, at every address: a new operation without a place in ACCESS fails here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from foundry.accounts import tokens
from foundry.accounts.models import Membership, Scope, Token
from foundry.api.v1 import api
from foundry.core.models import ServiceRequest

pytestmark = pytest.mark.django_db

REQUEST = "/api/v1/requests/{request_id}"
SUBMISSION = {"service": "toy", "items": [{"number": 1}]}

#: Each operation: the scope it needs, and what a stranger is answered.
ACCESS = {
    ("get", "/api/v1/services"): (Scope.READ, 200),
    ("get", "/api/v1/services/{name}"): (Scope.READ, 200),
    ("get", "/api/v1/requests"): (Scope.READ, 200),
    ("post", "/api/v1/requests"): (Scope.WRITE, 202),
    ("get", REQUEST): (Scope.READ, 404),
    ("get", f"{REQUEST}/results"): (Scope.READ, 404),
    ("get", f"{REQUEST}/artifacts/{{name}}"): (Scope.READ, 404),
    ("post", f"{REQUEST}/cancel"): (Scope.WRITE, 404),
    ("post", f"{REQUEST}/retry"): (Scope.WRITE, 404),
}
OPERATIONS = [(method, path) for path, operations in api.get_openapi_schema()["paths"].items() for method in operations]
everywhere = pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)


@pytest.fixture
def request_id(make_computed: Any) -> Any:
    """A request that can be read, cancelled and retried: one job has failed items, another waits."""
    failed = make_computed({"do": "err"})
    assert isinstance(failed, ServiceRequest)
    job = failed.jobs.get()
    job.pk, job.state, job.finished_at, job.attempt, job.claimed_at = None, "queued", None, 0, None
    job.items_failed = 0
    job.save(force_insert=True)
    return failed.pk


def call(client: Client, operation: tuple[str, str], request_id: Any) -> Any:
    method, path = operation
    name = "toy" if "services" in path else "numbers.txt"
    address = path.replace("{request_id}", str(request_id)).replace("{name}", name)
    if method == "get":
        return client.get(address)
    return client.post(address, SUBMISSION, content_type="application/json")


def test_every_operation_has_its_place_in_the_matrix():
    assert set(OPERATIONS) == set(ACCESS)


@everywhere
@pytest.mark.parametrize("who", ["owner", "teammate"])
def test_the_team_has_access(operation, who, request_id, request):
    assert call(request.getfixturevalue(who), operation, request_id).status_code in (200, 202)


@everywhere
def test_a_stranger_is_answered_as_if_the_request_were_not_there(operation, stranger, request_id, owner):
    answer = call(stranger, operation, request_id)
    assert answer.status_code == ACCESS[operation][1]
    if answer.status_code != 404:
        assert str(request_id) not in answer.text


@everywhere
def test_a_stranger_changes_nothing(operation, stranger, request_id, owner):
    before = owner.get(f"/api/v1/requests/{request_id}").content
    call(stranger, operation, request_id)
    assert owner.get(f"/api/v1/requests/{request_id}").content == before


@everywhere
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic b3duZXI6", "fdy_x", "Bearer a b", "Bearer é"])
def test_without_a_token_it_is_401(operation, header, request_id, problem):
    client = Client(headers={} if header is None else {"authorization": header})
    answer = call(client, operation, request_id)
    detail = problem(answer, 401)["detail"]
    assert "Authorization: Bearer" in detail
    assert "make one in the portal under Account, Tokens" in detail
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def _revoke(token: Token) -> None:
    tokens.revoke(token=token)


def _expire(token: Token) -> None:
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def _deactivate(token: Token) -> None:
    token.user.is_active = False
    token.user.save()


def _leave(token: Token) -> None:
    Membership.objects.filter(user=token.user).delete()


def _delete(token: Token) -> None:
    token.delete()


@everywhere
@pytest.mark.parametrize("end", [_revoke, _expire, _deactivate, _leave, _delete])
def test_a_token_that_is_no_longer_good_is_401(operation, end, owner, request_id, problem):
    end(Token.objects.get(user=owner.caller.user))
    answer = call(owner, operation, request_id)
    problem(answer, 401)
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


@everywhere
def test_without_the_scope_it_is_403(operation, api_of, request_id, problem):
    needed = ACCESS[operation][0]
    limited = api_of("limited", "team", scopes=[scope for scope in Scope if scope is not needed])
    detail = problem(call(limited, operation, request_id), 403)["detail"]
    assert needed.value in detail
    assert "make another one in the portal under Account, Tokens" in detail


@everywhere
def test_the_scope_alone_is_enough(operation, api_of, request_id):
    limited = api_of("limited", "team", scopes=[ACCESS[operation][0]])
    assert call(limited, operation, request_id).status_code in (200, 202)


@everywhere
def test_a_session_of_the_portal_is_no_token(operation, owner, request_id, problem):
    client = Client()
    client.force_login(owner.caller.user)
    problem(call(client, operation, request_id), 401)


def test_a_list_holds_the_teams_requests_only(owner, teammate, stranger, submit):
    mine, theirs = submit(teammate).json()["id"], submit(stranger).json()["id"]
    assert [row["id"] for row in owner.get("/api/v1/requests").json()["requests"]] == [mine]
    assert [row["id"] for row in stranger.get("/api/v1/requests").json()["requests"]] == [theirs]


def test_priority_above_normal_needs_its_scope(api_of, submit, problem):
    limited = api_of("limited", "team", scopes=[Scope.WRITE])
    assert "requests:priority" in problem(submit(limited, priority=1), 403)["detail"]
    assert submit(limited, priority=-1).status_code == 202


@pytest.mark.parametrize("field", ["id", "owner", "team", "state", "created_at", "version", "invalid_count"])
def test_what_the_caller_may_not_set_is_refused(field, owner, submit, problem):
    assert problem(submit(owner, **{field: "1"}), 422)["errors"][0]["where"] == field


def test_the_secret_of_a_token_is_never_answered(owner, submit):
    answers = [submit(owner), owner.get("/api/v1/requests"), submit(owner, service="no")]
    assert not any(owner.secret in answer.text for answer in answers)


@everywhere
def test_answers_are_not_kept_in_caches(operation, owner, request_id):
    assert call(owner, operation, request_id).headers["Cache-Control"] == "no-store"
    assert call(Client(), operation, request_id).headers["Cache-Control"] == "no-store"
