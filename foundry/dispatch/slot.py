"""A slot as a local process: it performs a job when it is told to, and tells the supervisor what it has claimed."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import resource
import signal
import socket
import threading
import time
from datetime import timedelta
from enum import Enum
from multiprocessing.connection import Connection

from django.db import connection

from foundry.contract import Service
from foundry.core.work import Slot, work

#: A claim is good for this long; the supervisor renews it well before.
LEASE = timedelta(seconds=20)
_FORK = multiprocessing.get_context("fork")


class Told(Enum):
    """What a slot tells the supervisor."""

    CLAIMED = 1
    #: The job is done with; there may be more.
    DONE = 2
    #: Nothing waits.
    IDLE = 3


@dataclasses.dataclass(slots=True, eq=False)
class SlotProcess:
    """The supervisor's side of a slot."""

    service: Service
    release: str
    process: multiprocessing.context.ForkProcess
    pipe: Connection
    since: float = dataclasses.field(default_factory=time.monotonic)
    busy: bool = False
    #: A nudge came while it was busy, maybe after its last look at the queue.
    look_again: bool = False
    claimed_at: float | None = None
    #: It runs nothing that is its own, though it told of a claim: found at the last renewal.
    lost: bool = False

    @property
    def name(self) -> str:
        """As its attempts have it."""
        return _name(self.process.pid)

    def order(self) -> None:
        """Tell the slot to perform a job."""
        self.busy, self.look_again = True, False
        self.pipe.send(True)

    def receive(self) -> None:
        """Take in what the slot has told. Raises EOFError or OSError when it is dead."""
        while self.pipe.poll():
            told = self.pipe.recv()
            self.claimed_at = time.monotonic() if told is Told.CLAIMED else None
            self.busy, self.lost = told is Told.CLAIMED, False
            self.look_again |= told is Told.DONE

    def is_over_its_timeout(self) -> bool:
        """Whether the claimed job has run for longer than its service allows."""
        return self.claimed_at is not None and time.monotonic() - self.claimed_at > self.service.limits.timeout_s

    def kill(self) -> None:
        """End the process at once, with all that it has started."""
        with contextlib.suppress(ProcessLookupError):  # killed before it had a group of its own
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.pipe.close()


def start(service: Service, release: str) -> SlotProcess:
    """Start a slot's process. It is a fork, so Django need not start again."""
    ours, theirs = multiprocessing.Pipe()
    process = _FORK.Process(target=_run, args=(ours, theirs, service, release), name=f"slot {service.name}")
    process.start()
    theirs.close()
    return SlotProcess(service, release, process, ours)


def _name(pid: int | None) -> str:
    return f"{socket.gethostname()}:{pid}"


def _run(supervisors_end: Connection, pipe: Connection, service: Service, release: str) -> None:
    supervisors_end.close()
    _stand_apart(service)
    slot = Slot(
        service=service.name,
        release=release,
        name=_name(os.getpid()),
        lease=LEASE,
        on_claim=lambda claimed: pipe.send(Told.CLAIMED),
    )
    while pipe.recv():
        pipe.send(Told.DONE if work(slot, jobs=1) else Told.IDLE)


def _stand_apart(service: Service) -> None:
    """A group of its own, so that what the service starts ends with it; the service's memory and no more."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    limit = service.limits.memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    connection.connection = None  # the supervisor's, not to be used nor closed here
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()


def _end_with_the_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    if supervisor:
        supervisor.join()
    os.killpg(0, signal.SIGKILL)
