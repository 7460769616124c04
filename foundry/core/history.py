"""Readers: the jobs of a request, each with what became of its attempts, and how fast they go.

Errors come without their tracebacks, which never leave the database.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from foundry.core.models import JobState

#: Of one job, the last ones: a long job may be handed back any number of times.
_ATTEMPTS_A_JOB = 20


@dataclasses.dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try at a job."""

    job: int
    number: int
    state: str
    slot: str
    started_at: datetime
    finished_at: datetime | None
    error_code: str | None
    error: str | None
    billed_ms: int | None
    cost_usd: Decimal | None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None

    @property
    def outcome(self) -> str:
        """The state, in words."""
        return self.state.replace("_", " ")


@dataclasses.dataclass(frozen=True, slots=True)
class JobRow:
    """A slice of a request's items, with its last attempts, the newest first."""

    id: int
    request: UUID
    service: str
    state: str
    release: str
    owner: str
    items: int
    items_succeeded: int
    items_failed: int
    attempt_limit: int
    failures: int
    retry_of: int | None
    created_at: datetime
    available_at: datetime
    lease_until: datetime | None
    finished_at: datetime | None
    attempts: list[AttemptRow] = dataclasses.field(default_factory=list)

    @property
    def last(self) -> AttemptRow | None:
        """The last attempt, which may still run."""
        return self.attempts[0] if self.attempts else None

    @property
    def has_history(self) -> bool:
        """Whether the last attempt does not tell it all."""
        return len(self.attempts) > 1 or self.last_error is not None

    @property
    def last_error(self) -> str | None:
        """Why the last of the attempts that failed did so."""
        return next((one.error for one in self.attempts if one.error), None)

    @property
    def outcome(self) -> str:
        """The state; of a job that ended while items of it failed in the words of a request's."""
        if self.state != JobState.SUCCEEDED or not self.items_failed:
            return self.state
        return "partial" if self.items_succeeded else "failed"

    @property
    def items_done(self) -> int:
        return self.items_succeeded + self.items_failed


#: What `read` reads; more can follow.
JOB = """
SELECT job.id, job.request_id, job.service, job.state, job.release, owner.username, job.items, job.items_succeeded,
       job.items_failed, job.attempt_limit, job.failures, job.retry_of_id, job.created_at, job.available_at,
       job.lease_until, job.finished_at
FROM core_job AS job JOIN accounts_user AS owner ON owner.id = job.owner_id
"""
_OF_REQUEST = f"""{JOB}
WHERE job.request_id = %(request)s AND job.id > %(after)s
  AND (%(state)s::text IS NULL OR job.state = %(state)s)
ORDER BY job.id LIMIT %(limit)s
"""
_ATTEMPTS = """
SELECT attempt.* FROM unnest(%(jobs)s::bigint[]) AS job (id)
CROSS JOIN LATERAL (
    SELECT job_id, number, state, slot, started_at, finished_at, error->>'code', error->>'message', billed_ms, cost_usd
    FROM core_attempt WHERE core_attempt.job_id = job.id ORDER BY number DESC LIMIT %(limit)s
) AS attempt
"""


def jobs(*, request: UUID, after: int = 0, limit: int, state: JobState | None = None) -> list[JobRow]:
    """A request's jobs by their ids, from just after that one."""
    return read(_OF_REQUEST, {"request": request, "after": after, "limit": limit, "state": state})


def job(*, job: int) -> JobRow | None:
    """One job, whosever it is: for operators."""
    return next(iter(read(f"{JOB} WHERE job.id = %(job)s", {"job": job})), None)


def read(statement: str, values: dict[str, Any]) -> list[JobRow]:
    """The jobs that a statement selects, with the columns of `JOB`, and their attempts."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = [JobRow(*row) for row in cursor.fetchall()]
    attempts = _attempts(row.id for row in found)
    for row in found:
        row.attempts.extend(one for one in attempts if one.job == row.id)
    return found


def _attempts(jobs: Iterable[int]) -> list[AttemptRow]:
    with connection.cursor() as cursor:
        cursor.execute(_ATTEMPTS, {"jobs": list(jobs), "limit": _ATTEMPTS_A_JOB})
        return [AttemptRow(*row) for row in cursor.fetchall()]


_BY_OUTCOME = """
SELECT CASE
    WHEN state <> 'succeeded' OR items_failed = 0 THEN state WHEN items_succeeded > 0 THEN 'partial' ELSE 'failed'
END AS outcome, count(*)
FROM core_job WHERE request_id = %s GROUP BY outcome ORDER BY outcome
"""


def by_outcome(*, request: UUID) -> dict[str, int]:
    """How many jobs of a request came to what, as `JobRow.outcome` has it."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_OUTCOME, [request])
        return dict(cursor.fetchall())


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """How the last jobs of a request go: those of its submission, or of its last retry."""

    items_done: int
    items_left: int
    #: Since the first of them was claimed, until the last one ended.
    seconds: float | None

    @property
    def items_per_s(self) -> float | None:
        """None as long as nothing is done."""
        return self.items_done / self.seconds if self.seconds and self.items_done else None

    @property
    def seconds_left(self) -> float | None:
        """If it goes on as it went so far."""
        return self.items_left / self.items_per_s if self.items_per_s else None


#: All jobs of one transaction have the same created_at.
_PACE = """
SELECT coalesce(sum(items_succeeded + items_failed), 0)::bigint,
       coalesce(sum(items - items_succeeded - items_failed) FILTER (WHERE finished_at IS NULL), 0)::bigint,
       extract(epoch FROM
           CASE WHEN bool_and(finished_at IS NOT NULL) THEN max(finished_at) ELSE clock_timestamp() END
           - min(claimed_at)
       )::float8
FROM core_job
WHERE request_id = %(request)s
  AND created_at = (SELECT max(created_at) FROM core_job WHERE request_id = %(request)s)
"""


def pace(*, request: UUID) -> Pace:
    """How fast a request's last jobs go."""
    with connection.cursor() as cursor:
        cursor.execute(_PACE, {"request": request})
        return Pace(*cursor.fetchone())
