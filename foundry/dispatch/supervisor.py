"""The supervisor of `manage.py worker`: one process a slot, started when there is work, killed when it must end.

It renews the leases of its slots' jobs, so that a slot needs no database connection while it computes, and so that jobs
come back within seconds when the supervisor itself dies.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import wait
from types import FrameType

from django.conf import settings
from django.db import Error, connection

from foundry import catalog
from foundry.core import finish, lease
from foundry.core.sweep import sweep
from foundry.dispatch import slot
from foundry.dispatch.postman import Postman
from foundry.dispatch.slot import SlotProcess
from foundry.dispatch.worker import CHANNEL, Nudge

logger = logging.getLogger(__name__)

_RENEW_EVERY_S = slot.LEASE.total_seconds() / 10
_SWEEP_EVERY_S = 1.0
_POST_EVERY_S = 1.0
_TICK_S = 1.0
_RECONNECT_AFTER_S = 1.0

#: A slot that has worked for its service for so long gives way to a service that has fewer.
_TURN_S = 2.0


class Supervisor:
    """Runs up to `slots` slots on this machine until it is told to stop by SIGTERM or SIGINT."""

    def __init__(self, *, slots: int) -> None:
        self._limit = slots
        self._slots: list[SlotProcess] = []
        self._stopping = False
        self._renew = _Every(_RENEW_EVERY_S, self._renew_leases)
        self._sweep = _Every(_SWEEP_EVERY_S, _sweep)
        self._postman = Postman()
        self._post = _Every(_POST_EVERY_S, self._postman.send_if_due)
        #: Services that want a slot and found no room.
        self._hungry: set[str] = set()
        self._woken, self._wake = os.pipe()

    def run(self) -> None:
        """Supervise until told to stop; then hand back the jobs that run and end the slots."""
        self._catch_signals()
        try:
            while not self._stopping:
                try:
                    self._supervise()
                except Error:
                    logger.exception("the database does not answer as it should; trying again")
                    connection.close()
                    time.sleep(_RECONNECT_AFTER_S)
        finally:
            self._stop()

    def _catch_signals(self) -> None:
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
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
            self._post.when_due()
            self._take_nudges()
            self._wait()
            self._check_slots()

    def _wait(self) -> None:
        slots = [end for one in self._slots for end in (one.pipe, one.process.sentinel)]
        with connection.wrap_database_errors:
            notifications = connection.connection.fileno()
        wait([self._woken, notifications, *slots], timeout=_TICK_S)
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 512)

    def _take_nudges(self) -> None:
        raw = connection.connection
        with connection.wrap_database_errors:
            raw.poll()
        while raw.notifies:
            payload = raw.notifies.pop(0).payload
            try:
                nudge = Nudge.read(payload)
            except (ValueError, TypeError, KeyError):
                logger.warning("a nudge was not understood, the sweep finds what waits: %.200s", payload)
                continue
            if nudge.release == settings.FOUNDRY_RELEASE and nudge.service in catalog.services():
                self._answer(nudge)

    def _answer(self, nudge: Nudge) -> None:
        """Have that many more slots of the service work, as far as its limit and the room allow."""
        ours = [one for one in self._slots if one.service.name == nudge.service]
        for one in ours:
            one.look_again |= one.busy
        idle = [one for one in ours if not one.busy]
        free = catalog.get(nudge.service).limits.concurrency - len(ours) + len(idle)
        wanted = min(nudge.slots, free)
        for one in idle[: max(0, wanted)]:
            one.order()
        for _ in range(wanted - len(idle)):
            if not self._make_room():
                self._hungry.add(nudge.service)
                break
            self._start(nudge.service)

    def _make_room(self) -> bool:
        """Whether one more slot may start; an idle slot of another service gives way."""
        if len(self._slots) < self._limit:
            return True
        idle = next((one for one in self._slots if not one.busy and not one.look_again), None)
        if idle:
            self._end(idle)
        return idle is not None

    def _start(self, service: str) -> None:
        started = slot.start(catalog.get(service), settings.FOUNDRY_RELEASE)
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
            elif not one.process.is_alive():
                self._bury(one)
            elif not one.busy:
                self._go_on(one)

    def _go_on(self, one: SlotProcess) -> None:
        """The slot is between two jobs: it takes another, unless it is another service's turn."""
        if hungry := self._whose_turn(one):
            self._hungry.discard(hungry)
            self._end(one)
            self._start(hungry)
        elif one.look_again:
            one.order()

    def _whose_turn(self, one: SlotProcess) -> str | None:
        """A service that found no room and has fewer slots, once this slot has had its turn."""
        if one.look_again and time.monotonic() - one.since < _TURN_S:
            return None
        count = Counter(other.service.name for other in self._slots)
        hungry = min(self._hungry, key=lambda service: count[service], default=None)
        return hungry if hungry and count[hungry] < count[one.service.name] else None

    def _bury(self, one: SlotProcess) -> None:
        self._end(one)
        code = one.process.exitcode
        logger.error("slot %s of %s died (exit code %s)", one.process.pid, one.service.name, code)
        message = f"The computation was lost: {_how_it_died(code)}."
        self._fail(one, finish.AttemptError(code="slot_died", message=message))

    def _time_out(self, one: SlotProcess) -> None:
        limit = one.service.limits.timeout_s
        logger.error("slot %s of %s is over its timeout of %s s", one.process.pid, one.service.name, limit)
        self._end(one)
        self._fail(one, finish.timeout(one.service))

    def _fail(self, one: SlotProcess, error: finish.AttemptError) -> None:
        finish.fail_slot(one.name, error=error)
        self._sweep.make_due()  # its service may need another slot

    def _renew_leases(self) -> None:
        busy = [one for one in self._slots if one.claimed_at]
        if not busy:
            return
        running = lease.renew(slots=[one.name for one in busy], lease=slot.LEASE)
        for one in busy:
            if one.name not in running:
                self._lose(one)

    def _lose(self, one: SlotProcess) -> None:
        """Its job is no longer its own: cancelled, or just finished, which the slot is about to tell."""
        if one.lost:
            logger.info("slot %s computes a job that was taken from it; ending it", one.process.pid)
            self._end(one)
        one.lost = True

    def _stop(self) -> None:
        self._postman.stop()
        ended = list(self._slots)
        for one in ended:
            self._end(one)
        try:
            lease.hand_back(slots=[one.name for one in ended])
        except Error:
            logger.exception("jobs could not be handed back; they come back when their leases run out")
        connection.close()


def _how_it_died(exit_code: int | None) -> str:
    if exit_code == -signal.SIGKILL:
        return "its process was killed from outside, as the system does when the machine's memory runs out"
    if exit_code and exit_code < 0:
        return f"its process crashed ({_name(-exit_code)})"
    return f"its process ended by itself (exit code {exit_code})"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


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
    swept = sweep(removing_s=0)  # leases are renewed between two sweeps, and slots wait
    if swept.expired:
        logger.warning("%s attempts had lost their slot and were taken back", swept.expired)
