"""Messages and mails go out from a process of their own, which is there only while something is due.

Receivers may be slow, and whoever renews leases must not wait for them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading

from django.db import connection

from foundry.webhooks.send import is_due, send_due

_FORK = multiprocessing.get_context("fork")


class Postman:
    """At most one process that sends what is due."""

    def __init__(self) -> None:
        self._process: multiprocessing.context.ForkProcess | None = None

    def send_if_due(self) -> None:
        """Start the process if there is something to send and none does."""
        if self._process and self._process.is_alive():
            return
        self.stop()
        if is_due():
            self._process = _FORK.Process(target=_run, name="postman")
            self._process.start()

    def stop(self) -> None:
        """End the process; what it had in hand is sent again."""
        if self._process:
            self._process.kill()
            self._process.join()
            self._process = None


def _run() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    connection.connection = None  # the supervisor's, not to be used nor closed here
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
    send_due()
    connection.close()


def _end_with_the_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    if supervisor:
        supervisor.join()
    os._exit(1)
