"""The task that the platform sends to its own functions: one invocation is one slot."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings

from foundry import catalog
from foundry.aws import postman
from foundry.aws.dispatcher import LambdaDispatcher
from foundry.aws.events import Context, Work, ends_at
from foundry.core.cost import meter
from foundry.core.work import Slot
from foundry.core.work import work as perform_jobs

#: Kept of an invocation's time, in seconds: to save what the last job came to, with patience.
MARGIN_S = 10
#: A lease outlasts its invocation by this.
_LEASE_MARGIN = timedelta(seconds=2 * MARGIN_S)


class MisdirectedTaskError(Exception):
    """The invocation cannot do this task; the jobs stay in the queue."""


def work(*, service: str, release: str, context: Context) -> int:
    """Work through the queue for as long as the invocation may last; if there is no time left, another goes on.

    Returns how many jobs were performed. Raises MisdirectedTaskError.
    """
    _check(service, release, context)
    slot = _slot(service, release, context)
    declared = catalog.get(service)
    if not slot.has_time_for(declared):
        raise MisdirectedTaskError(
            f"The function {context.function_name} ends too soon for {service}: set its timeout to more than "
            f"{declared.limits.timeout_s + MARGIN_S} s, the service's own and a margin."
        )
    performed = perform_jobs(slot)
    if not slot.has_time_for(declared):
        LambdaDispatcher().dispatch(service=service, release=release, slots=1)
    return performed


def answer(asked: Work, context: Context) -> dict[str, int]:
    """The task as an event."""
    performed = work(service=asked.service, release=asked.release, context=context)
    postman.tell(context)
    return {"jobs": performed}


def _check(service: str, release: str, context: Context) -> None:
    """Jobs stay on the release that accepted them, and a service's function computes no other."""
    own = f"{context.function_name}:{context.function_version}"
    if release != own:
        raise MisdirectedTaskError(f"This is the release {own}, and the task is for {release}.")
    if settings.FOUNDRY_SERVICE not in ("", service):
        raise MisdirectedTaskError(f"This function computes {settings.FOUNDRY_SERVICE}, and not {service}.")


def _slot(service: str, release: str, context: Context) -> Slot:
    ends = ends_at(context)
    return Slot(
        service=service,
        release=release,
        name=context.aws_request_id,
        lease=_LEASE_MARGIN,
        ends_at=ends - MARGIN_S,
        interrupts=True,
        meter=meter(memory_mb=int(context.memory_limit_in_mb), left_s=ends - time.monotonic()),
    )
