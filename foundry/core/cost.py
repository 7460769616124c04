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


_NAMES = {
    By.SERVICE: "request.service",
    By.TEAM: "team.name",
    By.WEEK: """to_char(core_attempt.finished_at AT TIME ZONE 'UTC', 'IYYY-"W"IW')""",
}
_REPORT = f"""
SELECT {{name}}, count(DISTINCT request.id), count(*) FILTER (WHERE core_attempt.state = 'failed'), {_SUMS}
FROM core_attempt
JOIN core_job ON core_job.id = core_attempt.job_id
JOIN core_servicerequest AS request ON request.id = core_job.request_id
JOIN accounts_team AS team ON team.id = request.team_id
WHERE cost_usd IS NOT NULL AND core_attempt.finished_at >= %(since)s
  AND (%(service)s::text IS NULL OR request.service = %(service)s)
GROUP BY 1 ORDER BY 1
"""  # noqa: S608  nothing of a caller's


def report(*, by: By, since: datetime, service: str | None = None) -> list[CostRow]:
    """What has been billed since then, of one service or of all. Reads every attempt: not for a page."""
    with connection.cursor() as cursor:
        cursor.execute(_REPORT.format(name=_NAMES[by]), {"since": since, "service": service})
        return [
            CostRow(name=name, requests=requests, failed_attempts=failed, cost=_cost(sums))
            for name, requests, failed, *sums in cursor.fetchall()
        ]


def _cost(sums: Any) -> Cost:
    attempts, billed_ms, gb_seconds, usd, price_lists = sums
    return Cost(attempts=attempts, billed_ms=billed_ms, gb_seconds=gb_seconds, usd=usd, price_lists=price_lists)
