"""How a function's process is kept to itself: an account that may write nothing but its own directory, and limits.

Run by root, functions run as `nobody` with one of root's capabilities: to read what is closed to `nobody` (the
interpreter may be under /root), but never to write. So writing to the code fails as it does on AWS. Run by anybody
else, functions run as that account, and the code's directory is closed to writing by its mode. On Linux the process
also ends with the server, however that ends.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil


class Process:
    """A function's process in a session of its own, which writes to the descriptor `output`."""

    def __init__(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int) -> None:
        # One thread that lasts starts them all: Linux ends them with the thread that started them.
        self._process = _spawner.submit(_start, command, cwd, environment, output).result()
        self.pid = self._process.pid
        self.ended = threading.Event()
        #: The exit status, negative for a signal; of use once `ended` is set.
        self.status = 0

    def wait(self) -> int:
        """The exit status. What it leaves behind in its session is ended while the number of the session is held."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.status = self._process.wait()
        self.ended.set()
        return self.status

    def kill(self) -> None:
        """It and all that it started. Somebody must be in `wait`."""
        if self.ended.is_set():
            return
        for pid in [*_family(self.pid), self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.ended.wait()

    def memory_mb(self) -> int:
        """Resident memory in MiB, with that of all that it started; 0 if it is gone."""
        total = 0
        for member in [self.pid, *_family(self.pid)]:
            with contextlib.suppress(psutil.Error):
                total += psutil.Process(member).memory_info().rss
        return total >> 20


_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def _start(command: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_prefix(), *command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def interpreter() -> list[str]:
    """The Python that .venv was made of, without any installed package: functions see only what AWS gives them."""
    return [sys._base_executable, "-S"]  # type: ignore[attr-defined]


def private_directory(path: Path) -> None:
    """A directory that the function's process owns."""
    path.mkdir(mode=0o700, parents=True)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _family(pid: int) -> list[int]:
    """All descendants, nearest first. Only Linux tells them cheaply."""
    children: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += [int(child) for child in listing.read_text().split()]
    return children + [member for child in children for member in _family(child)]


@functools.cache
def _prefix() -> list[str]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if os.geteuid() == 0:
            raise RuntimeError("As root, the local AWS needs the program `setpriv` (of util-linux) to run functions.")
        return []
    ends_with_us = [setpriv, "--pdeathsig", "KILL", "--no-new-privs"]
    if os.geteuid() != 0:
        return ends_with_us
    nobody = pwd.getpwnam("nobody")
    only_reading = [f"--{kind}=-all,+dac_read_search" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
    return [*ends_with_us, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *only_reading]
