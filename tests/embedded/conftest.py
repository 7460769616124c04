"""Homes with data made once, and children that start servers. No test may leave a process behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from foundry.embedded import Server

ROOT = Path(__file__).parents[2]

PRELUDE = """
import os, sys
from pathlib import Path
import psycopg2
from foundry.embedded import Server

server = Server(Path(sys.argv[1]), durable=False)

def sql(statement):
    connection = psycopg2.connect(host=server.socket_dir, user=server.USER, dbname=server.DATABASE)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(statement)
    return cursor.fetchone()[0] if cursor.description else None

def say(word):
    print(word, flush=True)
"""

Child = subprocess.Popen[str]


@pytest.fixture
def spawn() -> Iterator[Callable[..., Child]]:
    """Runs Python code in a process of its own, given `server`, `sql`, `say` and a standard input to wait for."""
    children: list[Child] = []

    def spawn(home: Path, code: str, *, prefix: tuple[str, ...] = ()) -> Child:
        child = subprocess.Popen(
            [*prefix, sys.executable, "-W", "error", "-c", PRELUDE + code, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            start_new_session=True,
        )
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def empty_home(tmp_path: Path) -> Iterator[Path]:
    """A home before the first start."""
    home = tmp_path / ".foundry"
    yield home
    clean_up(home)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Set up once."""
    home = tmp_path_factory.mktemp("shared")
    server = Server(home, durable=False)
    server.ensure_running()
    server.stop()
    return home


@pytest.fixture
def home(shared_home: Path) -> Iterator[Path]:
    """A home after the first start, for tests that leave its files as they are: a copy takes as long as a set-up."""
    yield shared_home
    clean_up(shared_home)


@pytest.fixture
def copied_home(shared_home: Path, empty_home: Path) -> Path:
    """A home after the first start, to be changed."""
    subprocess.run(["cp", "-Rp", shared_home, empty_home], check=True)
    return empty_home


@pytest.fixture
def server(home: Path) -> Server:
    return Server(home, durable=False)


def sql(server: Server, statement: str) -> object:
    connection = psycopg2.connect(host=str(server.socket_dir), user=server.USER, dbname=server.DATABASE)
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def postmaster(server: Server) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def clean_up(home: Path) -> None:
    """Fails if a process that uses this home remains."""
    server = Server(home)
    server.stop()
    deadline = time.monotonic() + 10
    while (left := _processes(home)) and time.monotonic() < deadline:
        time.sleep(0.01)
    for process in left:
        process.kill()
    if server.socket_dir != server.private_dir:
        shutil.rmtree(server.socket_dir, ignore_errors=True)
    assert not left


def _processes(home: Path) -> list[psutil.Process]:
    """Those that have ended but wait for the system to notice have neither words nor a directory."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.pid != os.getpid()
        and any(str(home) in word for word in [*(process.info["cmdline"] or []), process.info["cwd"] or ""])
    ]
