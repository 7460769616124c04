"""The supervisor of `manage.py worker`: one process a slot, started when there is work, killed when it must end.

It renews the leases of its slots' jobs, so that a slot needs no database connection while it computes, and so that jobs
come back within seconds when the supervisor itself dies.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from foundry import catalog
from foundry.core import finish
from foundry.core.sweep import sweep
from foundry.dispatch import slot
from foundry.dispatch.slot import SlotProcess
from foundry.dispatch.worker import CHANNEL, Nudge

logger = logging.getLogger(__name__)

_RENEW_EVERY_S = slot.LEASE.total_seconds() / 10
_SWEEP_EVERY_S = 1.0
_TICK_S = 1.0
_RECONNECT_AFTER_S = 1.0

_RENEW = """
UPDATE core_job SET lease_until = clock_timestamp() + %(lease)s
WHERE id = ANY(%(jobs)s) AND state = 'running'
  AND (id, attempt) IN (SELECT * FROM unnest(%(jobs)s::bigint[], %(attempts)s::int[]))
RETURNING id
"""


class Supervisor:
    """Runs up to `slots` slots on this machine until it is told to stop by SIGTERM or SIGINT."""

    def __init__(self, *, slots: int) -> None:
        self._limit = slots
        self._slots: list[SlotProcess] = []
        self._stopping = False
        self._renew = _Every(_RENEW_EVERY_S, self._renew_leases)
        self._sweep = _Every(_SWEEP_EVERY_S, _sweep)
        self._woken, self._wake = os.pipe()

    def run(self) -> None:
        """Supervise until told to stop; then hand back the jobs that run and end the slots."""
        self._catch_signals()
        try:
            while not self._stopping:
                try:
                    self._supervise()
                except (OperationalError, InterfaceError):
                    logger.exception("the database cannot be reached; trying again")
                    connection.close()
                    time.sleep(_RECONNECT_AFTER_S)
        finally:
            self._stop()

    def _catch_signals(self) -> None:
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _supervise(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        while not self._stopping:
            self._renew.when_due()
            self._sweep.when_due()
            self._take_nudges()
            self._wait()
            self._check_slots()

    def _wait(self) -> None:
        pipes = [one.pipe for one in self._slots]
        with connection.wrap_database_errors:
            notifications = connection.connection.fileno()
        wait([self._woken, notifications, *pipes], timeout=_TICK_S)

    def _take_nudges(self) -> None:
        raw = connection.connection
        with connection.wrap_database_errors:
            raw.poll()
        while raw.notifies:
            nudge = Nudge(**json.loads(raw.notifies.pop(0).payload))
            if nudge.release == settings.FOUNDRY_RELEASE:
                self._answer(nudge)

    def _answer(self, nudge: Nudge) -> None:
        """Have that many more slots of the service work, as far as there is room."""
        wanted = nudge.slots
        for one in self._slots:
            if one.service.name == nudge.service:
                if one.busy:
                    one.look_again = True
                elif wanted:
                    one.order()
                    wanted -= 1
        while wanted and self._make_room():
            self._start(nudge)
            wanted -= 1

    def _make_room(self) -> bool:
        """Whether one more slot may start; an idle slot of another service gives way."""
        if len(self._slots) < self._limit:
            return True
        idle = next((one for one in self._slots if not one.busy), None)
        if idle:
            self._end(idle)
        return idle is not None

    def _start(self, nudge: Nudge) -> None:
        started = slot.start(catalog.get(nudge.service), nudge.release)
        self._slots.append(started)
        started.order()

    def _end(self, one: SlotProcess) -> None:
        one.kill()
        self._slots.remove(one)

    def _check_slots(self) -> None:
        for one in list(self._slots):
            try:
                one.receive()
            except (EOFError, OSError):
                self._bury(one)
                continue
            if one.is_over_its_timeout():
                self._time_out(one)

    def _bury(self, one: SlotProcess) -> None:
        self._end(one)
        code = one.process.exitcode
        logger.error("slot %s of %s died (exit code %s)", one.process.pid, one.service.name, code)
        how = f"was killed by signal {-code}" if code and code < 0 else f"ended with code {code}"
        self._fail(one, "slot_died", f"The computation was lost: its process {how}.")

    def _time_out(self, one: SlotProcess) -> None:
        limit = one.service.limits.timeout_s
        logger.error("slot %s of %s is over its timeout of %s s", one.process.pid, one.service.name, limit)
        self._end(one)
        self._fail(
            one,
            "timeout",
            f"The computation was ended after {limit} seconds, the limit of {one.service.name}. "
            "Submit fewer or smaller items at a time.",
        )

    def _fail(self, one: SlotProcess, code: str, message: str) -> None:
        if one.claim:
            finish.fail(one.claim.job, one.claim.attempt, error=finish.AttemptError(code=code, message=message))
        self._sweep.make_due()  # its service may need another slot

    def _renew_leases(self) -> None:
        claimed = {one.claim.job: one for one in self._slots if one.claim}
        if not claimed:
            return
        attempts = [one.claim.attempt for one in claimed.values() if one.claim]
        values: dict[str, Any] = {"jobs": list(claimed), "attempts": attempts, "lease": slot.LEASE}
        with connection.cursor() as cursor:
            cursor.execute(_RENEW, values)
            renewed = {job for (job,) in cursor.fetchall()}
        for job, one in claimed.items():
            if job not in renewed:
                self._lose(one)

    def _lose(self, one: SlotProcess) -> None:
        """The claim is no longer ours: cancelled, or just finished, which the slot is about to tell."""
        if one.lost:
            logger.info("slot %s computes a job that was taken from it; ending it", one.process.pid)
            self._end(one)
        one.lost = True

    def _stop(self) -> None:
        ended = list(self._slots)
        for one in ended:
            self._end(one)
        try:
            for one in ended:
                if one.claim:
                    finish.hand_back(one.claim.job, one.claim.attempt)
        except (OperationalError, InterfaceError):
            logger.exception("jobs could not be handed back; they come back when their leases run out")
        connection.close()


class _Every:
    """Something to be done at intervals."""

    def __init__(self, seconds: float, do: Callable[[], None]) -> None:
        self._seconds, self._do, self._next = seconds, do, 0.0

    def when_due(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._seconds
            self._do()

    def make_due(self) -> None:
        self._next = 0.0


def _sweep() -> None:
    swept = sweep()
    if swept.expired:
        logger.warning("%s attempts had lost their slot and were taken back", swept.expired)
