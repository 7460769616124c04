"""The processes that the demo starts. They end with it, however it ends."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from django.conf import settings
from django.db import connection

from foundry.cli.demo import single
from foundry.cli.demo.errors import DemoError
from foundry.embedded import Server, lifeline

_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.05


@dataclasses.dataclass(frozen=True, slots=True)
class Process:
    title: str
    log: Path

    def check(self) -> None:
        """Raises DemoError if it has ended."""
        if not lifeline.is_alive(self.log):
            raise self.error("has ended unexpectedly")

    def error(self, what: str) -> DemoError:
        """With its last words."""
        last_words = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        return DemoError(f"The {self.title} {what}. {self.log} ends:\n{last_words}")


class Processes:
    """The web server and the worker. Entered before they are started; leaving it stops them."""

    def __init__(self, *, home: Path, lock: int) -> None:
        self._home, self._lock = home, lock
        self._started: list[Process] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *error: object) -> None:
        """Undisturbed by people who press Ctrl-C again; nothing comes after it but the end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        while self._started:
            lifeline.end(self._started.pop().log)

    def start_worker(self) -> None:
        self._start("worker", "worker.log", str(settings.BASE_DIR / "manage.py"), "worker")

    def start_web(self, port: int) -> None:
        """Start the web server and wait until it takes connections."""
        gunicorn = ("-m", "gunicorn", "foundry.wsgi", "--bind", f"{single.HOST}:{port}", "--no-control-socket")
        limits = ("--workers", "2", "--threads", "4", "--timeout", "120", "--graceful-timeout", "5")
        self._start("web server", "web.log", *gunicorn, *limits)
        deadline = time.monotonic() + _PATIENCE_S
        while not single.is_open(port):
            self.check()
            if time.monotonic() > deadline:
                raise DemoError(f"The web server does not answer. See {self._home / 'web.log'}.")
            time.sleep(_LOOK_EVERY_S)

    def check(self) -> None:
        """Raises DemoError if one of them has ended."""
        for process in self._started:
            process.check()

    def web_error(self, status: int) -> DemoError:
        """What the web server, started last, says about an answer that is none."""
        return self._started[-1].error(f"answered {status}")

    def _start(self, title: str, log_name: str, *arguments: str) -> None:
        process = Process(title, self._home / log_name)
        with process.log.open("ab") as log, _database() as lifeline_of_database:
            lifeline.start(
                process.log,
                [sys.executable, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=settings.BASE_DIR,
                pass_fds=[self._lock, *lifeline_of_database],
            )
        self._started.append(process)


def _database() -> AbstractContextManager[list[int]]:
    """What keeps the embedded database running as long as a process that inherits it."""
    server: Server | None = connection.settings_dict.get("SERVER")
    return server.shared() if server else nullcontext([])
