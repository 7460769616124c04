"""Messages that Foundry sends: checked, and as values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foundry.client import extras
from foundry.client.decode import decode
from foundry.client.errors import FoundryError
from foundry.client.model import RequestState


class NotFromFoundryError(FoundryError):
    """The message is not signed with the secret, was changed, or is older than five minutes. Do not believe it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ItemsTold:
    total: int
    succeeded: int
    failed: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EndedRequest:
    """A request that has ended, as a message tells of it."""

    id: str
    service: str
    version: str
    label: str
    state: RequestState
    team: str
    owner: str
    items: ItemsTold
    created_at: datetime
    finished_at: datetime
    #: Addresses under `self`, `results` and `page`.
    links: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """What was sent."""

    #: The same each time it is sent: by it you know what you have had already.
    id: str
    #: `request.finished`, or `endpoint.test`.
    type: str
    timestamp: datetime
    #: None: a test.
    request: EndedRequest | None
    #: The message's own data, as they came.
    data: Mapping[str, Any]


def verify_webhook(headers: Mapping[str, str], body: bytes | str, secret: str) -> WebhookMessage:
    """The message, if it is Foundry's. `body` is what came, byte for byte; `secret` the endpoint's.

    Check it within five minutes of its timestamp: what is older may be somebody's repetition of it. Raises
    NotFromFoundryError. Needs `standardwebhooks`.
    """
    library = extras.load("standardwebhooks", extra="webhooks", purpose="verify_webhook()")
    given = {name.lower(): value for name, value in headers.items()}
    try:
        library.Webhook(secret).verify(body, given, json_parse=False)
    except (library.WebhookVerificationError, ValueError) as error:
        raise NotFromFoundryError(status=None, title=f"This message is not Foundry's: {error}.") from None
    said = json.loads(body)
    return WebhookMessage(
        id=given["webhook-id"],
        type=said["type"],
        timestamp=datetime.fromisoformat(said["timestamp"]),
        request=decode(EndedRequest, said["data"]) if said["type"] == "request.finished" else None,
        data=said["data"],
    )
