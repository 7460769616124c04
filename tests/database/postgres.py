"""A PostgreSQL as others have it: reached over TCP, with passwords, for 100 connections."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from foundry.embedded import Server

#: The socket is for the tests' own administration; whoever comes over TCP shows a password.
_HBA = """
local all all              trust
host  all all 127.0.0.1/32 scram-sha-256
"""


class TcpServer(Server):
    """The embedded server's programs, on a free port of 127.0.0.1."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, durable=False)
        self.PORT = str(free_port())
        home.mkdir(parents=True, exist_ok=True)
        self._hba = home / "pg_hba.conf"
        self._hba.write_text(_HBA)

    def _settings(self) -> list[str]:
        # A password is made costly to guess by being costly to prove, to the clients: here they all share our cores.
        own = (f"hba_file={self._hba.resolve()}", "listen_addresses=127.0.0.1", "scram_iterations=64")
        return [*super()._settings(), *(part for setting in own for part in ("-c", setting))]

    def sql(self, statement: str, values: Sequence[object] = ()) -> object:
        """Run as the superuser; the first value, if there is one."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()[0] if cursor.description else None

    def connect(self) -> Any:
        """A connection of the superuser, for whom some are reserved."""
        connection = psycopg2.connect(
            host=str(self.socket_dir), port=self.PORT, user=self.USER, dbname=self.DATABASE, connect_timeout=10
        )
        connection.autocommit = True
        return connection

    def set_password(self, user: str, password: str) -> None:
        """Makes the role if it is not there; it may do what an owner of the database may."""
        if not self.sql("SELECT count(*) FROM pg_roles WHERE rolname = %s", [user]):
            self.sql(f"CREATE ROLE {user} LOGIN CREATEDB")
            self.sql(f"GRANT ALL ON DATABASE {self.DATABASE} TO {user}")
            self.sql(f"GRANT ALL ON SCHEMA public TO {user}")
        self.sql(f"ALTER ROLE {user} PASSWORD %s", [password])

    def verifier(self, user: str) -> str:
        """What the server keeps of the password; a pooler that has it lets clients through and need not know more."""
        return str(self.sql("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [user]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
