"""A slot as a local process: it works when it is told to, and tells the supervisor what it has claimed."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import socket
import threading
import time
from datetime import timedelta
from multiprocessing.connection import Connection

from django.db import connection

from foundry.contract import Service
from foundry.core.claim import Claim
from foundry.core.work import Slot, work

#: A claim is good for this long; the supervisor renews it well before.
LEASE = timedelta(seconds=20)
#: From the slot to the supervisor, beside claims: nothing waits any more.
IDLE = None
_FORK = multiprocessing.get_context("fork")


@dataclasses.dataclass(slots=True, eq=False)
class SlotProcess:
    """The supervisor's side of a slot."""

    service: Service
    release: str
    process: multiprocessing.process.BaseProcess
    pipe: Connection
    busy: bool = False
    #: A nudge came while it was busy, maybe after its last look at the queue.
    look_again: bool = False
    claim: Claim | None = None
    claimed_at: float = 0.0
    #: The claim was found to be no longer ours, at the last renewal.
    lost: bool = False

    def order(self) -> None:
        """Tell the slot to work until nothing waits."""
        self.busy, self.look_again = True, False
        self.pipe.send(True)

    def receive(self) -> None:
        """Take in what the slot has told. Raises EOFError or OSError when it is dead."""
        while self.pipe.poll():
            self.claim, self.claimed_at, self.lost = self.pipe.recv(), time.monotonic(), False
            if self.claim is IDLE:
                self.busy = False
        if not self.busy and self.look_again:
            self.order()

    def is_over_its_timeout(self) -> bool:
        """Whether the claimed job has run for longer than its service allows."""
        return self.claim is not None and time.monotonic() - self.claimed_at > self.service.limits.timeout_s

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def start(service: Service, release: str) -> SlotProcess:
    """Start a slot's process. It is a fork, so Django need not start again."""
    ours, theirs = multiprocessing.Pipe()
    process = _FORK.Process(
        target=_run, args=(ours, theirs, service, release), name=f"slot {service.name}", daemon=True
    )
    process.start()
    theirs.close()
    return SlotProcess(service, release, process, ours)


def _run(supervisors_end: Connection, pipe: Connection, service: Service, release: str) -> None:
    supervisors_end.close()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connection.connection = None  # the supervisor's, not to be used nor closed here
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
    slot = Slot(
        service=service.name,
        release=release,
        name=f"{socket.gethostname()}:{os.getpid()}",
        lease=LEASE,
        on_claim=pipe.send,
    )
    while pipe.recv():
        work(slot)
        pipe.send(IDLE)


def _end_with_the_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    if supervisor:
        supervisor.join()
    os._exit(1)
