"""Finish: write what a job's items came to and move the job, in one transaction.

All of it is guarded by (job, attempt, running): a late or duplicate finisher changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from pydantic_core import to_json

from foundry.contract import Service
from foundry.core import models
from foundry.core.claim import Claim
from foundry.core.compute import Written, versions
from foundry.core.copy import copy_into


class LateError(Exception):
    """The attempt no longer holds the job: its lease ran out, or the job was cancelled."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttemptError:
    """Why an attempt failed. `traceback` is for operators and never leaves the database."""

    code: str
    message: str
    traceback: str | None = None


_SAVE = """
WITH job AS (
    UPDATE core_job
    SET items_succeeded = items_succeeded + %(succeeded)s,
        items_failed = items_failed + %(failed)s,
        state = CASE WHEN %(last)s THEN 'succeeded' ELSE state END,
        finished_at = CASE WHEN %(last)s THEN clock_timestamp() END,
        lease_until = CASE WHEN %(last)s THEN NULL ELSE lease_until END,
        error = CASE WHEN %(last)s THEN NULL ELSE error END
    WHERE id = %(job)s AND attempt = %(attempt)s AND state = 'running'
    RETURNING id
)
UPDATE core_attempt
SET state = CASE WHEN %(last)s THEN 'succeeded' ELSE state END,
    finished_at = CASE WHEN %(last)s THEN clock_timestamp() END,
    versions = %(versions)s
FROM job
WHERE core_attempt.job_id = job.id AND core_attempt.number = %(attempt)s
"""

_RESULT_COLUMNS = ("request_id", "position", "attempt_id", "state", "values", "error")


def save(claimed: Claim, service: Service, results: Iterable[tuple[int, Written]], *, last: bool) -> None:
    """Write results of a running attempt; the last ones finish the job. Raises LateError and then writes nothing."""
    request = str(claimed.request)
    rows = [(request, position, claimed.attempt_id, *written) for position, written in results]
    succeeded = sum(state == models.ResultState.SUCCEEDED for _, _, _, state, *_ in rows)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _SAVE,
            {
                "job": claimed.job,
                "attempt": claimed.attempt,
                "succeeded": succeeded,
                "failed": len(rows) - succeeded,
                "last": last,
                "versions": _json(versions(service)),
            },
        )
        if cursor.rowcount == 0:
            raise LateError
        copy_into(models.Result, _RESULT_COLUMNS, rows)


#: A failed attempt: back to queued after a jittered, growing pause, or failed for good at the attempt limit, where each
#: item that has no result gets the error as its result.
FAIL = """
WITH ended AS (
    SELECT id, attempt, request_id, failures + 1 >= attempt_limit AS for_good
    FROM core_job WHERE {which} AND state = 'running' FOR UPDATE SKIP LOCKED
),
failed_attempt AS (
    UPDATE core_attempt SET state = 'failed', finished_at = clock_timestamp(), error = %(error)s
    FROM ended WHERE core_attempt.job_id = ended.id AND core_attempt.number = ended.attempt
    RETURNING core_attempt.id, core_attempt.job_id
),
unanswered AS (
    INSERT INTO core_result (request_id, position, attempt_id, state, error)
    SELECT item.request_id, item.position, failed_attempt.id, 'failed', %(item_error)s
    FROM ended
    JOIN failed_attempt ON failed_attempt.job_id = ended.id
    JOIN core_item AS item ON item.job_id = ended.id
    WHERE ended.for_good AND NOT EXISTS (
        SELECT FROM core_result AS result
        WHERE result.request_id = item.request_id AND result.position = item.position
    )
    RETURNING 1
)
UPDATE core_job
SET failures = failures + 1,
    error = %(error)s,
    lease_until = NULL,
    state = CASE WHEN for_good THEN 'failed' ELSE 'queued' END,
    finished_at = CASE WHEN for_good THEN clock_timestamp() END,
    items_failed = CASE WHEN for_good THEN items - items_succeeded ELSE items_failed END,
    available_at = clock_timestamp() + least(2 ^ failures, 300) * (0.5 + random()) * interval '1 second'
FROM ended WHERE core_job.id = ended.id
RETURNING core_job.service, core_job.release
"""


def fail(job: int, attempt: int, *, error: AttemptError) -> None:
    """The attempt failed: the job is tried again, or ends at its attempt limit."""
    fail_where("id = %(job)s AND attempt = %(attempt)s", error=error, job=job, attempt=attempt)


def fail_where(which: str, *, error: AttemptError, **values: int) -> list[tuple[str, str]]:
    """Fail every running attempt that fits the condition. Returns the service and release of each job."""
    item_error = {"code": error.code, "message": error.message}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FAIL.format(which=which), {"error": _json(error), "item_error": _json(item_error), **values})
        return [(service, release) for service, release in cursor.fetchall()]


_HAND_BACK = """
WITH job AS (
    UPDATE core_job SET state = 'queued', lease_until = NULL, available_at = clock_timestamp()
    WHERE id = %(job)s AND attempt = %(attempt)s AND state = 'running'
    RETURNING id
)
UPDATE core_attempt SET state = 'handed_back', finished_at = clock_timestamp()
FROM job WHERE core_attempt.job_id = job.id AND core_attempt.number = %(attempt)s
"""


def hand_back(job: int, attempt: int) -> None:
    """Back to queued at once, without counting as a failure: to go on in another attempt, or because the slot stops."""
    with connection.cursor() as cursor:
        cursor.execute(_HAND_BACK, {"job": job, "attempt": attempt})


def _json(value: Any) -> str:
    return to_json(value).decode()
