"""Processes that end with the one that started them, however that ends."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

#: How long to wait for a process to stop.
PATIENCE_SECONDS = 60.0

#: Stops the command when standard input ends. Only the starter holds its other end, and the system closes that even
#: after `kill -9`. It asks again until the command has gone, which at its very beginning does not listen yet.
SCRIPT = """
exec 3<&0 </dev/null
"$@" 3<&- & command=$!
{ read -r line <&3; while kill -INT $command; do sleep 0.05; done; } 2>/dev/null & watcher=$!
exec 3<&-
wait $command; status=$?
kill $watcher
exit $status
"""

_processes: dict[Path, subprocess.Popen[bytes]] = {}


def start(key: Path, command: Sequence[str], **options: Any) -> None:
    """In a session of its own: Ctrl-C in the terminal is for the starter, which may still need the process."""
    _processes[key] = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", SCRIPT, "sh", *command], stdin=subprocess.PIPE, start_new_session=True, **options
    )


@contextlib.contextmanager
def shared(key: Path) -> Iterator[list[int]]:
    """The lifeline for `pass_fds`: the process lives on until all who inherit it have ended, too.

    Empty unless this process started it.
    """
    if not is_alive(key):
        yield []
        return
    # From 10 on: a shell uses the lower ones for itself.
    descriptor = fcntl.fcntl(cast(IO[bytes], _processes[key].stdin), fcntl.F_DUPFD_CLOEXEC, 10)
    try:
        yield [descriptor]
    finally:
        os.close(descriptor)


def is_alive(key: Path) -> bool:
    return key in _processes and _processes[key].poll() is None


def end(key: Path) -> None:
    """Does nothing unless this process started it. Raises subprocess.TimeoutExpired."""
    if process := _processes.pop(key, None):
        process.communicate(timeout=PATIENCE_SECONDS)


def _end_all() -> None:
    for key in list(_processes):
        end(key)


# The wait at an ordinary end lets the next command start at once. In a fork there is nothing to wait for: it only
# closes its copies of the lifelines.
atexit.register(_end_all)
os.register_at_fork(after_in_child=_end_all)
