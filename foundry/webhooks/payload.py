"""What a message says: little, with links to the rest, so that a leaked one gives no design away."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from foundry.core.requests import RequestView
from foundry.webhooks.models import Message

FINISHED, TEST = "request.finished", "endpoint.test"


def finished(message_id: str, view: RequestView) -> Message:
    """A request has ended."""
    request = view.request
    assert view.finished_at  # noqa: S101
    data = {
        "id": str(request.pk),
        "service": request.service,
        "version": request.version,
        "label": request.label,
        "state": str(view.state),
        "team": request.team.name,
        "owner": request.owner.username,
        "items": {"total": request.item_count, "succeeded": view.items_succeeded, "failed": view.items_failed},
        "created_at": request.created_at.isoformat(),
        "finished_at": view.finished_at.isoformat(),
        "links": {
            "self": f"{_api(request.pk)}",
            "results": f"{_api(request.pk)}/results",
            "page": page(request.pk),
        },
    }
    return Message(id=message_id, type=FINISHED, request_id=request.pk, payload=_json(FINISHED, view.finished_at, data))


def test(team: str) -> Message:
    """Nothing has ended; somebody tries whether messages arrive."""
    data = {"team": team, "message": "This is a test. Messages of ended requests have the type request.finished."}
    return Message(id=f"msg_{secrets.token_hex(16)}", type=TEST, payload=_json(TEST, timezone.now(), data))


def page(request: UUID) -> str:
    """The request's page in the portal."""
    return f"{settings.FOUNDRY_PUBLIC_URL}/requests/{request}/"


def _api(request: UUID) -> str:
    return f"{settings.FOUNDRY_PUBLIC_URL}/api/v1/requests/{request}"


def _json(kind: str, at: datetime, data: dict[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": at.isoformat(), "data": data}, separators=(",", ":"))
