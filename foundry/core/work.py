"""Work: what a slot does. The same on Lambda, in a local worker process and inline; only who starts it differs."""

from __future__ import annotations

import dataclasses
import gc
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import batched

from django.db import InterfaceError, OperationalError
from django.db.models import TextField
from django.db.models.functions import Cast

from foundry import catalog
from foundry.contract import Item, ItemError, Service
from foundry.core import finish
from foundry.core.claim import Claim, claim
from foundry.core.compute import close_connection, compute
from foundry.core.cost import Meter
from foundry.core.interrupt import OvertimeError
from foundry.core.models import Item as ItemRow
from foundry.core.models import Result
from foundry.core.nudge import nudge_another

logger = logging.getLogger(__name__)

#: A job hands itself back between two savings once it has used this part of the service's timeout.
_ENOUGH = 0.8
#: Between tries at saving while the database cannot be reached.
_PAUSES_S = (0.2, 1.0, 3.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One running invocation or worker process, for the jobs of one service and release."""

    service: str
    release: str
    #: Who it is, for people: host and process, or the invocation.
    name: str
    #: How long a claim is good without being renewed; where the slot must end, that long after its end.
    lease: timedelta
    #: Called with each claim, before anything is computed.
    on_claim: Callable[[Claim], None] = lambda claim: None
    #: When the slot must have ended, by time.monotonic(); None: never.
    ends_at: float | None = None
    #: Whether it interrupts what takes longer than the service's timeout, for want of somebody who would kill it.
    interrupts: bool = False
    #: Where the slot's time is billed.
    meter: Meter | None = None

    def has_time_for(self, service: Service) -> bool:
        """Whether a job that takes all of the service's timeout would end in time."""
        return self.ends_at is None or self.ends_at - time.monotonic() > service.limits.timeout_s

    def lease_from_now(self, service: Service) -> timedelta:
        """How long what is claimed now is the slot's own."""
        left_s = 0 if self.ends_at is None else max(0, self.ends_at - time.monotonic())
        if self.interrupts:
            left_s = min(left_s, service.limits.timeout_s)
        return self.lease + timedelta(seconds=left_s)


def work(slot: Slot, *, jobs: int | None = None) -> int:
    """Claim and perform jobs until none waits or the time left is less than the service's timeout; `jobs` at most.

    Returns how many were performed. Also ends when it is the turn of another release of the service, and asks for it.
    """
    service = catalog.get(slot.service)
    _spare_memory_work()
    performed = 0
    while performed != jobs and slot.has_time_for(service):
        lease = slot.lease_from_now(service)
        claimed = claim(service=service, release=slot.release, slot=slot.name, lease=lease, meter=slot.meter)
        if claimed is None:
            nudge_another(service=service.name, release=slot.release)
            break
        slot.on_claim(claimed)
        perform(service, claimed, ends_at=time.monotonic() + service.limits.timeout_s if slot.interrupts else None)
        if slot.meter:
            slot.meter.leave(claimed.attempt_id)
        performed += 1
    close_connection()
    return performed


def _spare_memory_work() -> None:
    """Let the process keep what it frees, and look for garbage less often: an eighth of the time of `compute-dna` went
    into page faults and a twentieth into looking through results, which are many small objects and no garbage.

    glibc learns how large the blocks are that it should keep from one that is freed (mallopt(3), M_MMAP_THRESHOLD);
    elsewhere that does nothing.
    """
    bytes(30 * 1024 * 1024)
    gc.set_threshold(10_000)


def perform(service: Service, claimed: Claim, *, ends_at: float | None = None) -> None:
    """Compute a claimed job and save what its items came to. An error of the service fails the attempt, not the slot.

    `ends_at`: when the service is interrupted, by time.monotonic(); an item in hand is to blame for it.
    Raises OperationalError and InterfaceError if the database cannot be reached for long, which is no fault of the job.
    """
    try:
        _compute_and_save(service, claimed, ends_at)
    except finish.LateError:
        logger.info("job %s attempt %s is no longer ours; nothing was written", claimed.job, claimed.attempt)
    except OvertimeError:
        logger.error("job %s attempt %s was interrupted at its timeout", claimed.job, claimed.attempt)
        finish.fail(claimed.job, claimed.attempt, error=finish.timeout(service), blame_item_in_hand=True)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("job %s attempt %s failed", claimed.job, claimed.attempt)
        finish.fail(claimed.job, claimed.attempt, error=_describe(error))


def _compute_and_save(service: Service, claimed: Claim, ends_at: float | None) -> None:
    """Slice by slice; between slices the job may be handed back, to go on in another attempt."""
    groups = _unsaved(service, claimed)
    if claimed.failures:
        _one_by_one(service, claimed, groups, ends_at)
        return
    enough_at = time.monotonic() + _ENOUGH * service.limits.timeout_s
    slices = list(batched(groups, service.slicing.save_every or len(groups) or 1, strict=False)) or [()]
    for number, some in enumerate(slices, 1):
        outcomes = compute(service, [group.item for group in some], claimed.options, ends_at=ends_at)
        last = number == len(slices)
        _save(
            claimed,
            service,
            [(group.positions, outcome) for group, outcome in zip(some, outcomes, strict=True)],
            last=last,
        )
        if not last and time.monotonic() > enough_at:
            finish.hand_back(claimed.job, claimed.attempt)
            return


def _one_by_one(service: Service, claimed: Claim, groups: list[_Group], ends_at: float | None) -> None:
    """After a failed attempt: an item that breaks the service does so alone, and one that kills it is known."""
    began = time.monotonic()
    failure: Exception | None = None
    results: list[finish.Computed] = []
    for group in groups:
        _save(claimed, service, results, last=False, item_in_hand=group.positions[0])
        used = (time.monotonic() - began) / service.limits.timeout_s
        if used > _ENOUGH:
            _go_on_later(claimed, failure)
            return
        try:
            [outcome] = compute(service, [group.item], claimed.options, ends_at=ends_at)
            finish.as_json(outcome)  # what cannot be written is found while it is known whose it is
            results = [(group.positions, outcome)]
        except OvertimeError:
            if used <= 1 - _ENOUGH:
                raise
            _go_on_later(claimed, failure)  # others took a part of its time; in the next attempt it is the first
            return
        except Exception as error:
            failure = failure or error
            results = [(group.positions, _broken(error))] if claimed.is_last_try else []
    if failure and not claimed.is_last_try:
        _save(claimed, service, results, last=False)
        raise failure  # those that broke the service are tried once more
    _save(claimed, service, results, last=True)


def _go_on_later(claimed: Claim, failure: Exception | None) -> None:
    """In another attempt. Raises the failure if items that broke the service are to be tried once more."""
    if failure and not claimed.is_last_try:
        raise failure
    finish.hand_back(claimed.job, claimed.attempt)


def _broken(error: Exception) -> ItemError:
    return ItemError(code="service_error", message=_describe(error).message)


def _save(
    claimed: Claim,
    service: Service,
    results: Sequence[finish.Computed],
    *,
    last: bool,
    item_in_hand: int | None = None,
) -> None:
    """Save, with patience: what was computed is worth more than a connection that is refused for a moment."""
    for pause in _PAUSES_S:
        try:
            return finish.save(claimed, service, results, last=last, item_in_hand=item_in_hand)
        except (OperationalError, InterfaceError):
            logger.warning("job %s could not be saved; trying again in %s s", claimed.job, pause)
            close_connection()
            time.sleep(pause)
    return finish.save(claimed, service, results, last=last, item_in_hand=item_in_hand)


@dataclasses.dataclass(frozen=True, slots=True)
class _Group:
    """Items that are equal but for their names: computed once."""

    item: Item
    positions: list[int]


def _unsaved(service: Service, claimed: Claim) -> list[_Group]:
    """The job's items that have no result yet, equal ones together."""
    items = ItemRow.objects.filter(job=claimed.job)
    if claimed.saved:
        items = items.exclude(position__in=Result.objects.filter(request=claimed.request).values("position"))
    rows = items.order_by("position").values_list("position", "digest", Cast("input", TextField()))
    groups: dict[bytes, _Group] = {}
    for position, digest, values in rows:
        key = bytes(digest)
        if key in groups:
            groups[key].positions.append(position)
        else:
            groups[key] = _Group(service.item.model_validate_json(values), [position])
    return list(groups.values())


def _describe(error: Exception) -> finish.AttemptError:
    """For the operators; users see `message` only, which has no traceback."""
    return finish.AttemptError(
        code="service_error",
        message=_sendable(f"The computation failed: {type(error).__name__}: {error}"[:500]),
        traceback=_sendable("".join(traceback.format_exception(error))[-4000:]),
    )


def _sendable(text: str) -> str:
    """Exceptions may quote anything, lone surrogates too."""
    return text.encode(errors="replace").decode()
