"""A PostgreSQL over TCP with passwords and TLS, a PgBouncer, and connections as the settings make them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as default
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from foundry import database
from tests.database.authority import Authority
from tests.database.pgbouncer import pgbouncer, program
from tests.database.postgres import TcpServer
from tests.debian import NotToBeHadError

#: What the server's certificate is for. The tests reach it with `hostaddr`, so that it is no local name.
HOST = "db.example"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TcpServer]:
    server = TcpServer(tmp_path_factory.mktemp("server") / "home")
    server.ensure_running()
    yield server
    server.stop()


@pytest.fixture
def address(server: TcpServer) -> Callable[..., str]:
    """The server's address for a role, which is made if it is not there."""

    def address(user: str, password: str, *, host: str = HOST, port: str = server.PORT, **options: str) -> str:
        server.set_password(user, password)
        query = "&".join(f"{name}={value}" for name, value in ({"hostaddr": "127.0.0.1"} | options).items())
        return f"postgresql://{user}:{password}@{host}:{port}/foundry?{query}"

    return address


@pytest.fixture(scope="session")
def needs_pgbouncer() -> None:
    try:
        program()
    except NotToBeHadError as error:
        pytest.skip(str(error))


@pytest.fixture
def connect(
    django_db_blocker: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., BaseDatabaseWrapper]]:
    """A connection as the settings make it from these variables."""
    made: list[BaseDatabaseWrapper] = []
    for name in [name for name in os.environ if name.startswith(("DATABASE_URL", "FOUNDRY_DATABASE_"))]:
        monkeypatch.delenv(name)

    def connect(
        *, production: bool = True, certificates: Path = authority.certificate, **variables: str
    ) -> BaseDatabaseWrapper:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        entry = database.settings(production=production, certificates=certificates)
        assert entry
        connection = ConnectionHandler({"default": entry})["default"]
        made.append(connection)
        connection.ensure_connection()
        return connection

    with django_db_blocker.unblock():
        yield connect
        for connection in made:
            connection.close()


def value(connection: BaseDatabaseWrapper, statement: str) -> Any:
    """The first value that a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@pytest.fixture
def through_pgbouncer(transactional_db: None, needs_pgbouncer: None, tmp_path: Path) -> Iterator[BaseDatabaseWrapper]:
    """The test database is reached through a PgBouncer that has five connections; gives a direct one beside it."""
    values = default.settings_dict
    before = {key: values[key] for key in ("HOST", "PORT", "PASSWORD", "ENGINE")}
    password = values["PASSWORD"] or "for-pgbouncer"
    directly = ConnectionHandler({"default": dict(values)})["default"]
    directly.inc_thread_sharing()
    default.close()
    with pgbouncer(
        tmp_path / "pgbouncer",
        host=values["HOST"],
        port=values["PORT"] or "5432",
        users={values["USER"]: password},
    ) as port:
        values |= {"HOST": "127.0.0.1", "PORT": port, "PASSWORD": password, "ENGINE": "foundry.database"}
        yield directly
        default.close()
    values |= before
    directly.close()
