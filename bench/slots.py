"""1,000 slots against a PostgreSQL that takes 100 connections: directly, and through PgBouncer in transaction mode.

The slots are threads that do what a slot does (`foundry.core.work.work`: claim, compute, finish) with connections of
their own over TCP with passwords; what they compute is to sleep. All start in the same moment, which is the worst for
the server, while a user reads the request through the API all along.
"""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from tests.database.pgbouncer import pgbouncer
from tests.database.postgres import TcpServer

SLOTS, JOBS, SECONDS = 1_000, 3_000, 2.0
PROCESSES = 4
POOL = 20
USER, PASSWORD = "foundry_slots", "not-a-secret"
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "foundry.settings",
    "FOUNDRY_SERVICES": "tests.toys",
    "FOUNDRY_DISPATCHER": "foundry.dispatch.worker.WorkerDispatcher",
    "FOUNDRY_CONN_MAX_AGE": "0",
    "FOUNDRY_LOG_LEVEL": "ERROR",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of one run."""

    #: States of jobs and of attempts, and how many of each.
    jobs: dict[str, int]
    attempts: dict[str, int]
    #: Errors that ended a slot.
    errors: list[str]
    #: HTTP statuses that the user saw.
    answers: Counter[int]
    #: Connections that the server refused and that were tried again.
    refused: int
    #: The most that the server had at once, of `max_connections`.
    peak: int
    wall_s: float

    def show(self, name: str) -> None:
        """One paragraph."""
        jobs = sum(self.jobs.values())
        print(f"{name}: {jobs:,} jobs in {self.wall_s:.1f} s, {jobs / self.wall_s:.0f} a second")
        print(f"  jobs {self.jobs}, attempts {self.attempts}, slots lost {len(self.errors)}")
        print(f"  connections: {self.peak} at most of 100, {self.refused:,} refused and tried again")
        print(f"  the user's answers: {dict(self.answers)}")
        for error, count in Counter(self.errors).most_common(3):
            print(f"  {count} x {error[:200]}")


def main() -> None:
    """Prints the figures of both ways."""
    temporary = tempfile.TemporaryDirectory(prefix="foundry-slots-", ignore_cleanup_errors=True)
    with temporary as folder, served(Path(folder)) as server:
        print(f"{SLOTS:,} slots, {JOBS:,} jobs of {SECONDS:.0f} s, max_connections = 100")
        run(server, server.PORT, slots=SLOTS, jobs=JOBS, seconds=SECONDS).show("directly")
        with pooled(server, Path(folder)) as port:
            figures = run(server, port, slots=SLOTS, jobs=JOBS, seconds=SECONDS)
        figures.show(f"through PgBouncer with {POOL} connections")


@contextmanager
def served(folder: Path) -> Iterator[TcpServer]:
    """A migrated database on a server of its own."""
    server = TcpServer(folder / "home")
    try:
        server.ensure_running()
        server.set_password(USER, PASSWORD)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, check=True, env=os.environ | _environment(server.PORT))
        yield server
    finally:
        server.stop()


def pooled(server: TcpServer, folder: Path) -> AbstractContextManager[str]:
    """A PgBouncer before the server; gives its port."""
    users = {USER: server.verifier(USER)}
    return pgbouncer(folder / "pgbouncer", host="127.0.0.1", port=server.PORT, users=users, pool_size=POOL)


def _environment(port: str) -> dict[str, str]:
    return ENVIRONMENT | {"DATABASE_URL": f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/foundry"}


def run(server: TcpServer, port: str, *, slots: int, jobs: int, seconds: float) -> Figures:
    """Submit a request of that many jobs of so many seconds, and have that many slots compute it over that port."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES + 1, spawn, _set_up, (_environment(port),)) as pool:
        request, secret = pool.submit(_submit, jobs, seconds).result()
        began = time.time() + 3 + slots / 500  # all are ready by then
        working = [pool.submit(_work, number, slots // PROCESSES, began) for number in range(PROCESSES)]
        user = pool.submit(_read_until_it_ends, request, secret)
        peak = max(_connections(server, until=user))
        told = [work.result() for work in working]
    return Figures(
        jobs=_states(server, f"core_job WHERE request_id = '{request}'"),
        attempts=_states(server, _ATTEMPTS.format(request=request)),
        errors=[error for one in told for error in one.errors],
        answers=user.result(),
        refused=sum(one.refused for one in told),
        peak=peak,
        wall_s=max(one.ended for one in told) - began,
    )


def _connections(server: TcpServer, *, until: Future[Any]) -> Iterator[int]:
    """How many connections the slots and the user have on the server, time and again."""
    connection = server.connect()
    with closing(connection), connection.cursor() as cursor:
        while not until.done():
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [USER])
            yield cursor.fetchone()[0]
            time.sleep(0.05)


_ATTEMPTS = "core_attempt WHERE job_id IN (SELECT id FROM core_job WHERE request_id = '{request}')"


def _states(server: TcpServer, rows: str) -> dict[str, int]:
    connection = server.connect()
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"SELECT state, count(*) FROM {rows} GROUP BY state")
        return dict(cursor.fetchall())


# In processes of their own.


@dataclasses.dataclass(frozen=True, slots=True)
class _Told:
    ended: float
    errors: list[str]
    refused: int


def _set_up(environment: dict[str, str]) -> None:
    os.environ |= environment
    import django

    django.setup()


def _submit(jobs: int, seconds: float) -> tuple[str, str]:
    """The request's id and a token of its submitter."""
    from foundry.accounts import tokens
    from foundry.accounts.caller import account
    from foundry.accounts.models import Scope

    user, team = account("user", "team")
    _, secret = tokens.create(user=user, team=team, name="slots", scopes=tuple(Scope))
    items = [{"number": number, "seconds": seconds} for number in range(jobs)]
    body = {"service": "toy-wide", "items": items}
    answer = _client(secret).post("/api/v1/requests", body, content_type="application/json")
    assert answer.status_code == 202, answer.content
    return answer.json()["id"], secret


def _client(secret: str) -> Any:
    from django.test import Client

    headers = {"authorization": f"Bearer {secret}", "host": "localhost"}
    return Client(headers=headers, raise_request_exception=False)


def _read_until_it_ends(request: str, secret: str) -> Counter[int]:
    """As a user who watches: the statuses of the answers."""
    client, answers = _client(secret), Counter[int]()
    while True:
        answer = client.get(f"/api/v1/requests/{request}")
        answers[answer.status_code] += 1
        if answer.status_code == 200 and answer.json()["finished_at"]:
            return answers
        time.sleep(0.1)


def _work(process: int, slots: int, began: float) -> _Told:
    """That many slots, all from the same moment on."""
    refusals = _Count()
    logger = logging.getLogger("foundry.database.base")
    logger.addHandler(refusals)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    errors: list[str] = []
    threads = [Thread(target=_slot, args=(f"{process}-{slot}", began, errors)) for slot in range(slots)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _Told(time.time(), errors, refusals.count)


def _slot(name: str, began: float, errors: list[str]) -> None:
    from foundry.core.work import Slot, work

    time.sleep(max(0.0, began - time.time()))
    try:
        work(Slot(service="toy-wide", release="local", name=name, lease=timedelta(minutes=5)))
    except Exception as error:
        errors.append(repr(error))


class _Count(logging.Handler):
    """Of the messages it gets."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


if __name__ == "__main__":
    main()
