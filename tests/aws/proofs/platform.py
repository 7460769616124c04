"""A platform deployed on the local AWS with the real zappa command line, and its database, asked with SQL."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg2

from foundry.embedded import Server
from tests.localaws import LocalAws

ROOT = Path(__file__).resolve().parents[3]
#: Zappa deletes thousands of files it has copied; in memory that takes no time.
SCRATCH = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


DISPATCHER = "foundry.aws.dispatcher.LambdaDispatcher"
_UNFINISHED = """
SELECT service, state, count(*) FROM core_job
WHERE finished_at IS NULL AND request_id = ANY(%s::uuid[]) GROUP BY service, state
"""


class Platform:
    """The AWS account, the database, and what CI would do with them."""

    def __init__(self, aws: LocalAws, server: Server, home: Path, services: str = "services") -> None:
        self.aws, self._server = aws, server
        self.database = f"postgresql://{server.USER}@/{server.DATABASE}?host={server.socket_dir}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("FOUNDRY_", "DJANGO_"))},
            **aws.environ,
            "DATABASE_URL": self.database,
            "FOUNDRY_SERVICES": services,
            "FOUNDRY_HOME": str(home),
            "TMPDIR": str(SCRATCH or home),
        }
        self.functions = aws.client("lambda")

    def run(self, *command: str) -> str:
        """A command line of the checkout, as CI has it. Its output; fails with it."""
        environ = self.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout

    def create(self, name: str, code: bytes, *, memory: int, seconds: int, variables: Mapping[str, str]) -> None:
        """A function with the alias `operator`, without Zappa, which is slow: its first version is its release."""
        given = {"DATABASE_URL": self.database, "FOUNDRY_DISPATCHER": DISPATCHER, "FOUNDRY_SERVICES": "tests.toys"}
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self._role(),
            Handler="foundry.aws.entry.handler",
            Code={"ZipFile": code},
            MemorySize=memory,
            Timeout=seconds,
            Environment={"Variables": given | dict(variables)},
            Publish=True,
        )
        self.functions.create_alias(FunctionName=name, Name="operator", FunctionVersion="1")

    def _role(self) -> str:
        iam = self.aws.client("iam")
        if "functions" not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
            iam.create_role(RoleName="functions", AssumeRolePolicyDocument="{}")
        return str(iam.get_role(RoleName="functions")["Role"]["Arn"])

    def settle_jobs(self, function: str, requests: Sequence[str], seconds: float = 300.0) -> None:
        """Until the requests have ended, with a sweep now and then, as the schedule would."""
        deadline = time.monotonic() + seconds
        while left := self.sql(_UNFINISHED, list(requests)):
            assert time.monotonic() < deadline, (left, self.aws.state())
            self.manage("sweep", function)
            time.sleep(2)

    def deploy(self, verb: str, stage: str, *options: str) -> str:
        """A step of a deployment."""
        return self.run("python", "-m", "deploy", verb, stage, *options)

    def manage(self, command: str, function: str = "foundry-development") -> str:
        """A management command, run by the function."""
        return str(self.invoke(function, {"manage": command}, "operator")["output"])

    def invoke(self, function: str, event: Mapping[str, Any], qualifier: str | None = None) -> Any:
        """The answer to a synchronous invoke; fails if the function did."""
        at = {"Qualifier": qualifier} if qualifier else {}
        answer = self.functions.invoke(
            FunctionName=function, InvocationType="RequestResponse", Payload=json.dumps(event), **at
        )
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        connection = psycopg2.connect(self.database)
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def wait(self, statement: str, *values: object, seconds: float = 60.0) -> list[tuple[Any, ...]]:
        """The rows of a query once it has some; until then the minute's sweep comes a little faster."""
        deadline = time.monotonic() + seconds
        while not (rows := self.sql(statement, *values)):
            assert time.monotonic() < deadline, (statement, self.aws.state(), self.aws.journal()[-10:])
            time.sleep(0.1)
        return rows


@contextlib.contextmanager
def platform(home: Path, *, services: str = "services", environments: int = 8, **options: float) -> Iterator[Platform]:
    """An account with nothing in it, and an empty database."""
    server = Server(home / "database", durable=False)
    server.ensure_running()
    try:
        with LocalAws(home=home / "aws", environments=environments, **options) as aws:
            yield Platform(aws, server, home / "platform", services)
    finally:
        server.stop()
