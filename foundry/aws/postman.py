"""The platform's function sends messages, and services' functions wake it when there are some.

They compute with code from many hands, so they have no key to sign with, and of the platform's function they may invoke
nothing but the alias that does this, whatever the event says.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings

from foundry.aws.dispatcher import as_task
from foundry.aws.events import Context
from foundry.webhooks import wanted

logger = logging.getLogger(__name__)


def wake() -> None:
    """Have those told who want to know of what has ended. What goes wrong with that is left to the sweep."""
    try:
        if settings.FOUNDRY_POSTMAN and wanted.is_wanted():
            as_task(answer, settings.FOUNDRY_POSTMAN)()
    except Exception as error:  # the slot has done its work
        logger.warning("%s was not woken; the sweep will send: %s", settings.FOUNDRY_POSTMAN, error)


def answer(asked: Any, context: Context) -> dict[str, int]:
    """Messages as an event, from the alias alone."""
    from foundry.webhooks import turn  # whose models a service's function has not

    return {"sent": turn.send_due(ends_at=time.monotonic() + context.get_remaining_time_in_millis() / 1000)}
