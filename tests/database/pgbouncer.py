"""A real PgBouncer in transaction mode: the machine's own, or Debian's package, unpacked beside the project's data."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundry.embedded import programs
from tests import debian
from tests.database.postgres import free_port


@functools.cache
def program() -> tuple[str, dict[str, str]]:
    """The program and the variables it needs. Raises NotToBeHadError."""
    if found := shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found, {}
    root = debian.unpacked("pgbouncer", ["pgbouncer"])
    return str(root / "usr" / "sbin" / "pgbouncer"), {"LD_LIBRARY_PATH": debian.libraries(root)}


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
                raise RuntimeError(f"PgBouncer did not start: {log.read_text() if log.exists() else ''}") from None
        time.sleep(0.02)
