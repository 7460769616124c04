"""Cost: what the time of an attempt is billed at, kept from its claim on, so that it is known however the attempt ends.

The database reckons it from the attempt's own columns (see `foundry.core.models.Attempt`): from `billed_from` until
the slot left it, or until it ended if the slot never did, but no longer than the slot can have lived; in whole
milliseconds, rounded up. All of an invocation's time is on its attempts, but for the last moment, in which it finds
nothing more.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from foundry.core.prices import Prices, prices

_ZERO = Decimal(0)


@dataclasses.dataclass(slots=True, kw_only=True)
class Meter:
    """What one invocation's time costs, and how far it is on an attempt. Times are of time.monotonic()."""

    memory_mb: int
    prices: Prices
    #: Up to here the time is on an attempt: at first the beginning of what is billed, the process's start included.
    billed_to: float
    #: When the invocation is ended, whatever it does.
    ends_at: float
    has_attempts: bool = False

    def columns(self) -> dict[str, Any]:
        """What is known of the next attempt's cost when it is claimed."""
        now = time.monotonic()
        return {
            "memory_mb": self.memory_mb,
            "price_list": self.prices.price_list,
            "usd_per_gb_second": self.prices.per_gb_second,
            "usd_for_invocation": _ZERO if self.has_attempts else self.prices.per_invocation,
            "unbilled": timedelta(seconds=now - self.billed_to),
            "left": timedelta(seconds=self.ends_at - now),
        }

    def leave(self, attempt: int) -> None:
        """The slot has done with an attempt, which has ended; what follows is the next one's."""
        with connection.cursor() as cursor:
            cursor.execute(_LEAVE, {"attempt": attempt})
        self.billed_to, self.has_attempts = time.monotonic(), True


_LEAVE = "UPDATE core_attempt SET left_at = clock_timestamp() WHERE id = %(attempt)s AND finished_at IS NOT NULL"

#: Of an attempt whose time nobody bills.
NOT_BILLED: dict[str, Any] = dict.fromkeys(
    ("memory_mb", "price_list", "usd_per_gb_second", "usd_for_invocation", "unbilled", "left")
)


def meter(*, memory_mb: int, left_s: float) -> Meter:
    """For an invocation that begins now, with so much memory, and is ended in so many seconds."""
    return Meter(
        memory_mb=memory_mb,
        prices=prices(os.uname().machine),
        billed_to=time.monotonic() - _take_start(),
        ends_at=time.monotonic() + left_s,
    )


def _age_s() -> float:
    """Seconds since this process started."""
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


#: What starting took until here. Lambda bills it with the first invocation (of every runtime, since August 2025).
_starts_s = [_age_s()] if sys.platform == "linux" else []


def _take_start() -> float:
    return _starts_s.pop() if _starts_s else 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of the billed attempts that have ended."""

    attempts: int
    billed_ms: int
    gb_seconds: Decimal
    usd: Decimal
    price_lists: list[str]


_SUMS = """count(*), sum(billed_ms)::bigint, sum(billed_ms * memory_mb / 1024.0) / 1000, sum(cost_usd),
    array_agg(DISTINCT price_list ORDER BY price_list)"""

_OF_REQUEST = f"""
SELECT {_SUMS} FROM core_attempt
JOIN core_job ON core_job.id = core_attempt.job_id
WHERE core_job.request_id = %(request)s AND cost_usd IS NOT NULL
"""  # noqa: S608  nothing of a caller's


def of_request(*, request: UUID) -> Cost | None:
    """What a request has cost so far; None if nothing of it was billed."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_REQUEST, {"request": request})
        row = cursor.fetchone()
    return _cost(row) if row[0] else None


class By(StrEnum):
    """What costs are summed by."""

    SERVICE = "service"
    TEAM = "team"
    WEEK = "week"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """The billed attempts of one service, team or week."""

    name: str
    requests: int
    failed_attempts: int
    cost: Cost


#: In one look at the attempts, which are summed by request first, as those are the ones that are counted.
_REPORT = """
WITH spent AS (
    SELECT job.request_id, job.service, date_trunc('week', attempt.finished_at, 'UTC') AS week, price_list,
           count(*) AS attempts, count(*) FILTER (WHERE attempt.state = 'failed') AS failed,
           sum(billed_ms) AS billed_ms, sum(billed_ms * memory_mb / 1024.0) AS gb_ms, sum(cost_usd) AS usd
    FROM core_attempt AS attempt JOIN core_job AS job ON job.id = attempt.job_id
    WHERE cost_usd IS NOT NULL AND attempt.finished_at >= %(since)s
      AND (%(service)s::text IS NULL OR job.service = %(service)s)
    GROUP BY 1, 2, 3, 4
)
SELECT CASE WHEN grouping(spent.service) = 0 THEN 'service' WHEN grouping(team.name) = 0 THEN 'team' ELSE 'week' END,
       coalesce(spent.service, team.name, to_char(week AT TIME ZONE 'UTC', 'IYYY-"W"IW')) AS name,
       count(DISTINCT request_id), sum(failed)::bigint, sum(attempts)::bigint, sum(billed_ms)::bigint,
       sum(gb_ms) / 1000, sum(usd), array_agg(DISTINCT price_list ORDER BY price_list)
FROM spent
JOIN core_servicerequest AS request ON request.id = spent.request_id
JOIN accounts_team AS team ON team.id = request.team_id
GROUP BY GROUPING SETS ((spent.service), (team.name), (week))
ORDER BY 1, 2
"""


def reports(*, since: datetime, service: str | None = None) -> dict[By, list[CostRow]]:
    """What has been billed since then, of one service or of all, summed in each way. Reads every attempt since then."""
    found: dict[By, list[CostRow]] = {by: [] for by in By}
    with connection.cursor() as cursor:
        cursor.execute(_REPORT, {"since": since, "service": service})
        for by, name, requests, failed, *sums in cursor.fetchall():
            found[By(by)].append(CostRow(name=name, requests=requests, failed_attempts=failed, cost=_cost(sums)))
    return found


def report(*, by: By, since: datetime, service: str | None = None) -> list[CostRow]:
    """The same, summed in one way."""
    return reports(since=since, service=service)[by]


def _cost(sums: Any) -> Cost:
    attempts, billed_ms, gb_seconds, usd, price_lists = sums
    return Cost(attempts=attempts, billed_ms=billed_ms, gb_seconds=gb_seconds, usd=usd, price_lists=price_lists)
