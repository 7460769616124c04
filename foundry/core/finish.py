"""Finish: write what a job's items came to and move the job, in one transaction.

All of it is guarded by (job, attempt, running): a late or duplicate finisher changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from django.db import connection, transaction
from pydantic_core import to_json

from foundry.contract import ItemError, Outcome, Service
from foundry.core import models
from foundry.core.claim import Claim
from foundry.core.compute import versions
from foundry.core.copy import copy_into

#: The positions of items that are equal, and what they came to.
type Computed = tuple[Sequence[int], Outcome]


class LateError(Exception):
    """The attempt no longer holds the job: its lease ran out, or the job was cancelled."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttemptError:
    """Why an attempt failed. `traceback` is for operators and never leaves the database."""

    code: str
    message: str
    traceback: str | None = None


def timeout(service: Service) -> AttemptError:
    """The attempt took longer than the service allows."""
    return AttemptError(
        code="timeout",
        message=f"The computation was ended after {service.limits.timeout_s} seconds, the limit of {service.name}. "
        "Submit fewer or smaller items at a time.",
    )


_SAVE = """
WITH job AS (
    UPDATE core_job
    SET items_succeeded = items_succeeded + %(succeeded)s,
        items_failed = items_failed + %(failed)s,
        state = CASE WHEN %(last)s THEN 'succeeded' ELSE state END,
        finished_at = CASE WHEN %(last)s THEN clock_timestamp() END,
        lease_until = CASE WHEN %(last)s THEN NULL ELSE lease_until END,
        item_in_hand = %(item_in_hand)s,
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


def save(
    claimed: Claim,
    service: Service,
    results: Sequence[Computed],
    *,
    last: bool,
    item_in_hand: int | None = None,
) -> None:
    """Write results of a running attempt; the last ones finish the job. Raises LateError and then writes nothing.

    `item_in_hand` is the position of the item that will be computed next, if it will be alone.
    """
    failed = sum(len(positions) for positions, outcome in results if isinstance(outcome, ItemError))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _SAVE,
            {
                "job": claimed.job,
                "attempt": claimed.attempt,
                "succeeded": sum(len(positions) for positions, _ in results) - failed,
                "failed": failed,
                "last": last,
                "item_in_hand": None if last else item_in_hand,
                "versions": _json(versions(service)),
            },
        )
        if cursor.rowcount == 0:
            raise LateError
        copy_into(models.Result, _RESULT_COLUMNS, _rows(claimed, results))


def _rows(claimed: Claim, results: Sequence[Computed]) -> Iterator[tuple[object, ...]]:
    """Each outcome becomes JSON when it is its turn: all at once would be as much memory again, and slower for it."""
    for positions, outcome in results:
        state, values, error = _written(outcome)
        for position in positions:
            yield claimed.request, position, claimed.attempt_id, state, values, error


def _written(outcome: Outcome) -> tuple[str, bytes | None, bytes | None]:
    if isinstance(outcome, ItemError):
        return models.ResultState.FAILED.value, None, as_json(outcome)
    return models.ResultState.SUCCEEDED.value, as_json(outcome), None


def as_json(outcome: Outcome) -> bytes:
    """An outcome as it is written. Raises TypeError if it is none."""
    return orjson.dumps(outcome)


#: A failed attempt: back to queued after a jittered, growing pause, or failed for good at the attempt limit, where each
#: item that has no result gets the error as its result. If an item in hand is to blame, it alone gets the error, and
#: the job goes on with the others: nothing else failed.
_FAIL = """
WITH ended AS (
    SELECT id, attempt, request_id, items, items_succeeded, items_failed, item_in_hand, attempt_limit, failures,
           {blame} AND item_in_hand IS NOT NULL AND culprits < %(culprits)s AS blamed
    FROM core_job WHERE state = 'running' AND {which} {lock}
),
failed_attempt AS (
    UPDATE core_attempt SET state = 'failed', finished_at = clock_timestamp(), error = %(error)s
    FROM ended WHERE core_attempt.job_id = ended.id AND core_attempt.number = ended.attempt
    RETURNING core_attempt.id, core_attempt.job_id
),
answered AS (
    INSERT INTO core_result (request_id, position, attempt_id, state, error)
    SELECT item.request_id, item.position, failed_attempt.id, 'failed', %(item_error)s
    FROM ended
    JOIN failed_attempt ON failed_attempt.job_id = ended.id
    JOIN core_item AS item ON item.job_id = ended.id
    WHERE CASE WHEN blamed THEN item.digest = (
            SELECT digest FROM core_item AS in_hand
            WHERE in_hand.request_id = ended.request_id AND in_hand.position = ended.item_in_hand
        ) ELSE failures + 1 >= attempt_limit END
      AND NOT EXISTS (
        SELECT FROM core_result AS result
        WHERE result.request_id = item.request_id AND result.position = item.position
    )
    RETURNING request_id, position
),
outcome AS (
    SELECT ended.id, blamed, count(answered.position) AS answers,
           CASE WHEN NOT blamed AND failures + 1 >= attempt_limit THEN 'failed'
                WHEN items = items_succeeded + items_failed + count(answered.position) THEN 'succeeded'
                ELSE 'queued' END AS state
    FROM ended
    LEFT JOIN core_item AS item ON item.job_id = ended.id
    LEFT JOIN answered ON answered.request_id = item.request_id AND answered.position = item.position
    GROUP BY ended.id, blamed, failures, attempt_limit, items, items_succeeded, items_failed
)
UPDATE core_job
SET failures = failures + (NOT blamed)::int,
    culprits = culprits + blamed::int,
    error = %(error)s,
    lease_until = NULL,
    item_in_hand = NULL,
    state = outcome.state,
    finished_at = CASE WHEN outcome.state <> 'queued' THEN clock_timestamp() END,
    items_failed = items_failed + answers,
    available_at = clock_timestamp() + CASE WHEN blamed THEN interval '0'
        ELSE least(2 ^ failures, 300) * (0.5 + random()) * interval '1 second' END
FROM outcome WHERE core_job.id = outcome.id
"""

#: After so many items of a job have ended their process, the service is to blame.
_CULPRITS = 20

_OF_SLOT = """EXISTS (
    SELECT FROM core_attempt
    WHERE core_attempt.job_id = core_job.id AND core_attempt.number = core_job.attempt
      AND core_attempt.slot = %(slot)s AND core_attempt.state = 'running'
)"""
_NEVER, _ALWAYS, _ON_LAST_TRY = "false", "true", "failures + 1 >= attempt_limit"
_WAIT_FOR_LOCKS = "SET LOCAL lock_timeout = '5s'"


def fail(job: int, attempt: int, *, error: AttemptError, blame_item_in_hand: bool = False) -> None:
    """The attempt failed: the job is tried again, or ends at its attempt limit."""
    blame = _ALWAYS if blame_item_in_hand else _NEVER
    _fail("id = %(job)s AND attempt = %(attempt)s", error, blame=blame, job=job, attempt=attempt)


def fail_slot(slot: str, *, error: AttemptError, while_it_computed: bool = True) -> int:
    """The slot has ended. Returns how many jobs it had: none if it had finished, or is known to have ended.

    If its process ended while it computed, an item in hand is to blame and fails alone; else only as with a lost lease.
    """
    return _fail(_OF_SLOT, error, blame=_ALWAYS if while_it_computed else _ON_LAST_TRY, slot=slot)


def fail_expired(*, error: AttemptError) -> int:
    """Fail the attempts whose lease has run out, but for those that somebody is just finishing. Returns how many.

    Nobody saw what ended the slot, so an item in hand is to blame only if the job would fail for good.
    """
    return _fail("lease_until < clock_timestamp()", error, blame=_ON_LAST_TRY, lock="SKIP LOCKED")


def _fail(which: str, error: AttemptError, *, blame: str, lock: str = "", **values: int | str) -> int:
    item_error = {"code": error.code, "message": error.message}
    values |= {"culprits": _CULPRITS, "error": _json(error), "item_error": _json(item_error)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_LOCKS)
        cursor.execute(_FAIL.format(which=which, blame=blame, lock=f"ORDER BY id FOR UPDATE {lock}"), values)
        failed: int = cursor.rowcount
    return failed


_HAND_BACK = """
WITH job AS (
    UPDATE core_job
    SET state = 'queued', lease_until = NULL, item_in_hand = NULL, available_at = clock_timestamp()
    WHERE id = %(job)s AND attempt = %(attempt)s AND state = 'running'
    RETURNING id
)
UPDATE core_attempt SET state = 'handed_back', finished_at = clock_timestamp()
FROM job WHERE core_attempt.job_id = job.id AND core_attempt.number = %(attempt)s
"""


def hand_back(job: int, attempt: int) -> None:
    """Back to queued at once, without counting as a failure: the job goes on in another attempt."""
    with connection.cursor() as cursor:
        cursor.execute(_HAND_BACK, {"job": job, "attempt": attempt})


def _json(value: Any) -> str:
    return to_json(value).decode()
