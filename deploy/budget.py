"""How many database connections the functions may open at once, against how many there are."""

from __future__ import annotations

from collections.abc import Iterator

from deploy import stages, variables
from deploy.errors import DeployError
from deploy.stages import Stage

#: Kept for people and for PostgreSQL itself (`superuser_reserved_connections` is 3, RDS keeps 2 more).
KEPT = 8


def report(stage: Stage) -> Iterator[str]:
    """The budget of a stage's family, line by line. An invocation holds at most one connection at a time.

    Raises DeployError if there are too few connections, or if a function has no reserved concurrency to count.
    """
    total = 0
    for member in stages.family(stage):
        if member.concurrency is None:
            raise DeployError(
                f"{member.name} has no lambda_concurrency, so it may open as many connections as it likes."
            )
        total += member.concurrency
        yield f"{member.concurrency:>6}  {member.function}"
    available = _available()
    yield f"{total:>6}  at most, of {available} connections ({variables.CONNECTIONS.name} without {KEPT} kept)"
    if total > available:
        raise DeployError(
            f"{total} invocations may run at once, for {available} connections: lower lambda_concurrency in "
            f"zappa_settings.json, or put a pooler before the database and give its number."
        )


def _available() -> int:
    given = variables.value(variables.CONNECTIONS) or ""
    if not given.isdecimal():
        raise DeployError(f"Set {variables.CONNECTIONS.name}={given}: {variables.CONNECTIONS.purpose}.")
    return int(given) - KEPT
