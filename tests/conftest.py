"""Fixtures of all tests: the database, three users, requests."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from foundry.accounts import tokens
from foundry.accounts.caller import Caller, account, from_token
from foundry.accounts.models import Scope
from foundry.core.drafts import Draft
from foundry.core.models import Job, ServiceRequest
from foundry.core.submit import Submission, submit
from foundry.dispatch.inline import InlineDispatcher

# Others compute at the same time: how long an example takes says nothing.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

#: Directories whose tests share what takes long to start: one process has all of them.
TOGETHER = ("tests/database/", "tests/embedded/", "tests/entry/", "tests/infra/", "tests/portal/browser/")
#: What takes longest begins first, so that no process is left with it in the end.
FIRST = (
    *("tests/faults/", "tests/portal/browser/", "tests/dispatch/", "tests/entry/"),
    *("tests/embedded/", "tests/database/", "tests/infra/"),
)


class Sharing(LoadScopeScheduling):
    """Shares out modules, or whole directories, among the processes; the order is random but for the longest."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        self.config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])

    def _assign_work_unit(self, node: Any) -> None:
        found = (scope for folder in FIRST for scope in self.workqueue if scope.startswith(folder))
        if first := next(found, None):
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    return Sharing(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """What a test logs may be no Unicode, which cannot be sent from process to process."""
    return _readable((yield))


def _readable(told: Any) -> Any:
    match told:
        case str():
            return told.encode(errors="backslashreplace").decode()
        case dict():
            return {_readable(key): _readable(value) for key, value in told.items()}
        case list() | tuple():
            return type(told)(map(_readable, told))
    return told


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


@pytest.fixture
def compute() -> Callable[..., None]:
    """Compute what waits."""

    def compute(service: str = "toy") -> None:
        InlineDispatcher().dispatch(service=service, release="local", slots=1)

    return compute
