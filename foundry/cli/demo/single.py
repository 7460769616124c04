"""One demo at a time on one home directory, and one program at a time on one port."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from foundry.cli.credentials import load_demo
from foundry.cli.demo.errors import DemoError
from foundry.embedded import private

HOST = "127.0.0.1"
_LAST_PORT = 65535
#: What an earlier run started ends soon when that was killed, and does not answer while it ends.
_PATIENCE_S, _PATIENCE_WITH_ONE_THAT_ANSWERS_S = 15.0, 2.0


@contextlib.contextmanager
def lock(home: Path, console: Console) -> Iterator[int]:
    """The descriptor of a lock that everything of the demo inherits: whoever gets it knows that none of it is left."""
    home.mkdir(parents=True, exist_ok=True)
    began, told = time.monotonic(), False
    while True:
        with private.attempt_lock(home / "demo.lock") as descriptor:
            if descriptor is not None:
                yield descriptor
                return
        _check_patience(home, time.monotonic() - began)
        if not told:
            console.print("Waiting for the run before this one to end ...", style="dim")
            told = True
        time.sleep(0.1)


def _check_patience(home: Path, waited: float) -> None:
    demo = load_demo()
    answers = demo is not None and is_open(urlsplit(demo.url).port or 80)
    if waited > (_PATIENCE_WITH_ONE_THAT_ANSWERS_S if answers else _PATIENCE_S):
        where = f" at {demo.url}" if demo else ""
        raise DemoError(f"Foundry runs already{where}, on the data in {home}. Stop it first with Ctrl-C there.")


def port(text: str) -> int:
    """The port that this names. Raises DemoError."""
    if not (text.isdecimal() and 1 <= int(text) <= _LAST_PORT):
        raise DemoError(
            f"Port {text} cannot be: a port is a number from 1 to {_LAST_PORT}, such as PORT=8000 make run."
        )
    return int(text)


def check_port(port: int) -> None:
    """Raises DemoError if something listens there, or nobody may."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                advice = f"Port {port} is in use by another program. Stop that, or {_instead(port % _LAST_PORT + 1)}"
            else:
                advice = f"Port {port} cannot be used: {error.strerror}. Use another one, {_instead(8000)}"
            raise DemoError(advice) from None


def _instead(port: int) -> str:
    return f"run Foundry elsewhere: PORT={port} make run"


def is_open(port: int) -> bool:
    """Whether something takes connections there."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
