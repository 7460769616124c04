"""When a slot is done, those who want to know of what has ended are told.

The platform's function sends. Services' functions compute with code from many hands, so they have no key to sign with:
they wake the platform's, of which they may invoke nothing but the alias that sends, whatever the event says.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings

from foundry.aws.dispatcher import as_task
from foundry.aws.events import Context, ends_at
from foundry.database import patience
from foundry.webhooks import waking

logger = logging.getLogger(__name__)

#: What waking takes at most, in seconds: a connection, a question, and an invocation, tried twice.
_WAKING_S = 40


def tell(context: Context) -> None:
    """Send what is due, or have it sent. What cannot be is left to the sweep."""
    if not settings.FOUNDRY_SERVICE:
        answer(None, context)
    elif settings.FOUNDRY_POSTMAN and ends_at(context) - time.monotonic() > _WAKING_S:
        _wake()


def answer(asked: Any, context: Context) -> dict[str, int]:
    """Messages as an event, from the alias alone."""
    from foundry.webhooks import turn  # whose models a service's function has not

    return {"sent": turn.send_due(ends_at=ends_at(context))}


def _wake() -> None:
    try:
        with patience.short():
            is_ours = waking.claim()
        if is_ours:
            as_task(answer, settings.FOUNDRY_POSTMAN)()
    except Exception as error:  # the slot has done its work
        logger.warning("%s was not woken; the sweep will send: %s", settings.FOUNDRY_POSTMAN, error)
