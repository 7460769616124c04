"""What the tests of the API share: submitting, computing, and looking at problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from foundry.core.models import ServiceRequest
from tests.conftest import Api

REQUESTS = "/api/v1/requests"


@pytest.fixture
def submit() -> Callable[..., HttpResponse]:
    """Submit toy items as JSON; other fields of the body and headers by name."""

    def submit(client: Api, *items: Any, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        body = {"service": "toy", "items": list(items) or [{"number": 1}]} | fields
        return client.post(REQUESTS, body, content_type="application/json", headers=headers)

    return submit


@pytest.fixture
def make_computed(make_request: Callable[..., ServiceRequest], compute: Callable[..., None]) -> Any:
    """A request whose items have been computed."""

    def make(*items: dict[str, Any], **fields: Any) -> ServiceRequest:
        request = make_request(*items, **fields)
        compute(request.service)
        return request

    return make


@pytest.fixture
def problem() -> Callable[..., dict[str, Any]]:
    """The problem in an answer, once it is seen to be one, whole and of that status."""

    def problem(answer: Any, status: int) -> dict[str, Any]:
        assert answer.status_code == status, answer.content
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers.get("Content-Length", len(answer.content))) == len(answer.content)
        found: dict[str, Any] = answer.json()
        assert found["status"] == status
        assert found["title"]
        assert found["detail"]
        assert "Traceback" not in answer.text
        return found

    return problem
