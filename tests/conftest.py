"""Fixtures of all tests: the database, three users, requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from foundry.accounts import tokens
from foundry.accounts.caller import Caller, account, from_token
from foundry.accounts.models import Scope
from foundry.core.drafts import Draft
from foundry.core.models import Job, ServiceRequest
from foundry.core.submit import Submission, submit


class Api(Client):
    """A test client with a token."""

    def __init__(self, secret: str, caller: Caller) -> None:
        super().__init__(headers={"authorization": f"Bearer {secret}"}, raise_request_exception=False)
        self.secret, self.caller = secret, caller


@pytest.fixture
def api_of(db: None) -> Callable[..., Api]:
    def make(username: str, team: str, scopes: Any = tuple(Scope)) -> Api:
        user, members = account(username, team)
        token, secret = tokens.create(user=user, team=members, name=f"{username}'s", scopes=scopes)
        return Api(secret, from_token(token))

    return make


@pytest.fixture
def owner(api_of: Callable[..., Api]) -> Api:
    """Submits the requests."""
    return api_of("owner", "team")


@pytest.fixture
def teammate(api_of: Callable[..., Api]) -> Api:
    """In the owner's team: sees and manages its requests."""
    return api_of("teammate", "team")


@pytest.fixture
def stranger(api_of: Callable[..., Api]) -> Api:
    """In another team: must have no access."""
    return api_of("stranger", "strangers")


@pytest.fixture
def make_request(owner: Api) -> Callable[..., ServiceRequest]:
    """Submit toy items, given as their values."""

    def make(
        *items: dict[str, Any], caller: Caller | None = None, service: str = "toy", **fields: Any
    ) -> ServiceRequest:
        drafts = [Draft(values=item) for item in items]
        submission = Submission(service=service, items=drafts, **fields)
        return submit(caller=caller or owner.caller, submission=submission).request

    return make


@pytest.fixture
def make_job(make_request: Callable[..., ServiceRequest]) -> Callable[..., Job]:
    """Submit a request of one job of one item; items differ, so that none is computed once for two."""

    def make(**arguments: Any) -> Job:
        return make_request({"number": 1}, **arguments).jobs.get()

    return make
