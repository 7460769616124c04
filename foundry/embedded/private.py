"""Directories closed to other accounts, and the lock in one of them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

#: A socket's path is limited to 103 bytes on macOS and 107 on Linux.
SOCKET_PATH_BYTES = 103


def is_private(directory: Path) -> bool:
    """Whether it exists and only this account can have put anything there."""
    try:
        status = directory.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def socket_dir(private_dir: Path) -> Path:
    """The private directory itself, or a short stand-in. libpq would take a comma for the end of a host's name."""
    path = os.fsencode(private_dir)
    if len(path + b"/.s.PGSQL.5432") <= SOCKET_PATH_BYTES and b"," not in path:
        return private_dir
    # Not tempfile.gettempdir(), which may differ between processes that are to meet there.
    return Path("/tmp") / f"foundry-{os.geteuid()}-{hashlib.sha256(path).hexdigest()[:16]}"  # noqa: S108


@contextlib.contextmanager
def attempt_lock(path: Path) -> Iterator[int | None]:
    """The lock's descriptor, or None if another has it; it lasts until the last process that inherited it has gone."""
    with path.open("wb") as file:
        # From 10 on: a shell uses the lower ones for itself.
        lock = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 10)
    try:
        yield lock if _is_free(lock) else None
    finally:
        os.close(lock)


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
