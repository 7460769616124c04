"""The server's directory: in memory if there is such a file system, as packages are thousands of small files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = "localaws-"
_LOCK = "lock"


def make() -> Path:
    """A new directory, locked for as long as this process lives. What killed servers left is removed."""
    parent = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir())
    for directory in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_abandoned(directory):
                remove(directory)
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    made.chmod(0o711)
    # Never closed: the lock ends with the process.
    lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return made


def _is_abandoned(directory: Path) -> bool:
    """Whether it is ours and its server is gone. One that is just being made is left alone."""
    status = directory.stat()
    if status.st_uid != os.geteuid() or time.time() - status.st_mtime < 60:
        return False
    with (directory / _LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def remove(directory: Path) -> None:
    """Directories closed to writing included."""
    for folder, _, _ in os.walk(directory):
        os.chmod(folder, 0o755)
    shutil.rmtree(directory, ignore_errors=True)
