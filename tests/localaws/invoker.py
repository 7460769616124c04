"""One invocation from beginning to end: environment, faults, log, journal. Sync and async both come through here."""

from __future__ import annotations

import dataclasses
import threading
import time
import uuid
from dataclasses import dataclass

from tests.localaws import lineage, report, versions
from tests.localaws.environment import Environment, Outcome
from tests.localaws.errors import CALLER_LIMIT, Throttled
from tests.localaws.faults import Fate, Faults
from tests.localaws.journal import Journal
from tests.localaws.pool import Pool
from tests.localaws.versions import Target


@dataclass(frozen=True)
class Invocation:
    """`trace` is the caller's X-Amzn-Trace-Id, by which Lambda recognises loops."""

    id: str
    target: Target
    payload: bytes
    trace: str
    how: str = "sync"

    @classmethod
    def new(cls, target: Target, payload: bytes, trace: str = "", how: str = "sync") -> Invocation:
        return cls(str(uuid.uuid4()), target, payload, lineage.extended(trace, target.version), how)

    def refreshed(self) -> Invocation:
        """With the version that its name means by now. Raises AwsError if it means none any more."""
        version = self.target.version
        target = versions.find(version.account, version.region, version.function, self.target.qualifier)
        return dataclasses.replace(self, target=target)


class Invoker:
    def __init__(self, pool: Pool, journal: Journal, faults: Faults) -> None:
        self.pool, self.journal, self.faults = pool, journal, faults

    def call(self, invocation: Invocation, *, wait: bool) -> Outcome:
        """Raises Throttled; with `wait` only after a while, if the bound of environments is what is in the way."""
        return self.run(*self.admit(invocation, wait=wait), invocation)

    def admit(self, invocation: Invocation, *, wait: bool) -> tuple[Environment, Fate]:
        """The environment that `run` then needs. Raises Throttled."""
        fate = self.faults.fate()
        try:
            if fate.throttle:
                raise Throttled(CALLER_LIMIT)
            return self.pool.acquire(invocation.target.version, wait=wait), fate
        except Throttled as throttled:
            if wait:
                self.journal.tell("throttled", **_named(invocation), reason=throttled.reason)
            raise

    def run(self, environment: Environment, fate: Fate, invocation: Invocation) -> Outcome:
        cold = not environment.started
        try:
            time.sleep(fate.delay_seconds or 0.0)
            with _killing(environment, fate):
                outcome = environment.run(
                    invocation.id, invocation.payload, invocation.target.invoked_arn, invocation.trace
                )
            report.write(environment.version, environment.stream, outcome.log)
        finally:
            self.pool.release(environment)
        self.journal.tell("invoked", **_named(invocation), **_measured(outcome), cold=cold, environment=environment.id)
        return outcome


class _killing:  # noqa: N801
    """Kills the environment after a while, if that is its fate, while it runs."""

    def __init__(self, environment: Environment, fate: Fate) -> None:
        seconds = fate.kill_after_seconds
        self._timer = None if seconds is None else threading.Timer(seconds, environment.kill)

    def __enter__(self) -> None:
        if self._timer:
            self._timer.start()

    def __exit__(self, *error: object) -> None:
        if self._timer:
            self._timer.cancel()


def _named(invocation: Invocation) -> dict[str, str]:
    return {"function": str(invocation.target.version), "request_id": invocation.id, "how": invocation.how}


def _measured(outcome: Outcome) -> dict[str, object]:
    return {
        "error": outcome.error_type,
        "duration_ms": round(outcome.duration_ms, 2),
        "billed_ms": outcome.billed_ms,
        "init_ms": outcome.init_ms and round(outcome.init_ms, 2),
        "memory_mb": outcome.memory_mb,
    }
