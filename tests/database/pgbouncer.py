"""A real PgBouncer in transaction mode: the machine's own, or Debian's package, unpacked beside the project's data."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundry.embedded import programs
from tests.database.postgres import free_port

#: With the libraries that a plain machine may lack. In newer releases the names of some end in `t64`.
_PACKAGES = ("pgbouncer", "libevent-2.1-7", "libc-ares2")
_UNPACKED = Path(__file__).resolve().parents[2] / ".foundry" / "tools" / "pgbouncer"


class NoPgBouncerError(Exception):
    """It is neither installed nor can it be had; the message says why."""


@functools.cache
def program() -> tuple[str, dict[str, str]]:
    """The program and the variables it needs. Raises NoPgBouncerError."""
    if found := shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found, {}
    if not _UNPACKED.exists():
        _unpack()
    libraries = ":".join(str(path) for path in (_UNPACKED / "usr" / "lib").glob("*-linux-*"))
    return str(_UNPACKED / "usr" / "sbin" / "pgbouncer"), {"LD_LIBRARY_PATH": libraries}


def _unpack() -> None:
    """Under another name first: several may be at it, and an interruption leaves nothing that looks complete."""
    if not shutil.which("apt-get"):
        raise NoPgBouncerError("PgBouncer is not installed, and there is no apt-get to fetch it with.")
    _UNPACKED.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_UNPACKED.parent) as folder:
        _download(Path(folder))
        for package in Path(folder).glob("*.deb"):
            _run("dpkg", "-x", str(package), f"{folder}/root", where=folder)
        if not _UNPACKED.exists():
            Path(folder, "root").rename(_UNPACKED)


def _download(folder: Path) -> None:
    """With the lists of packages that the machine has, or else with lists of our own, which need no right to its."""
    try:
        return _download_listed(folder, [])
    except NoPgBouncerError:
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "archives" / "partial").mkdir(parents=True)
        ours = ["-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User="]
        _run("apt-get", *ours, "update", where=folder)
        return _download_listed(folder, ours)


def _download_listed(folder: Path, options: list[str]) -> None:
    known = set(_run("apt-cache", *options, "pkgnames", where=folder).split())
    names = [f"{name}t64" if f"{name}t64" in known else name for name in _PACKAGES]
    _run("apt-get", *options, "download", *names, where=folder)


def _run(*command: str, where: Path | str) -> str:
    try:
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPgBouncerError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise NoPgBouncerError(f"{' '.join(command)}: {done.stderr.strip()[-400:]}")
    return done.stdout


_SETTINGS = """
[databases]
* = host={server_host} port={server_port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 2000
auth_type = scram-sha-256
auth_file = {folder}/users.txt
logfile = {folder}/pgbouncer.log
"""
_TLS = """
client_tls_sslmode = require
client_tls_cert_file = {certificate}
client_tls_key_file = {key}
"""


@contextmanager
def pgbouncer(
    folder: Path,
    *,
    host: str,
    port: str,
    users: dict[str, str],
    pool_size: int = 5,
    tls: tuple[Path, Path] | None = None,
) -> Iterator[str]:
    """Runs it before the server at that host and port, for users with their passwords; gives its port of 127.0.0.1.

    With the files of a certificate and its key it takes TLS only.
    """
    binary, variables = program()
    own_port = free_port()
    folder.mkdir()
    os.chown(folder, *programs.account())
    settings = _SETTINGS.format(server_host=host, server_port=port, port=own_port, pool_size=pool_size, folder=folder)
    if tls:
        settings += _TLS.format(certificate=tls[0], key=tls[1])
    (folder / "pgbouncer.ini").write_text(settings)
    (folder / "users.txt").write_text("".join(f'"{user}" "{password}"\n' for user, password in users.items()))
    # It refuses to be root, as PostgreSQL does.
    command = [*programs.command("postgres", [])[:-1], binary, "-q", f"{folder}/pgbouncer.ini"]
    process = subprocess.Popen(command, env=os.environ | variables, cwd="/")
    try:
        _wait(process, own_port, folder)
        yield str(own_port)
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                log = folder / "pgbouncer.log"
                raise NoPgBouncerError(f"It did not start: {log.read_text() if log.exists() else ''}") from None
        time.sleep(0.02)
