"""Lambda's queue of asynchronous events: accepted at once, delivered when there is room, retried, at last given up."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from tests.localaws import lineage, versions
from tests.localaws.destinations import Destinations
from tests.localaws.environment import Environment, Outcome
from tests.localaws.errors import CALLER_LIMIT, AwsError, Throttled
from tests.localaws.event_config import EventConfigs
from tests.localaws.faults import Fate
from tests.localaws.going_on import going_on
from tests.localaws.invoker import Invocation, Invoker

#: Events held, and bytes of them; more are refused as AWS refuses a caller that is too fast.
CAPACITY = 100_000
CAPACITY_BYTES = 1 << 30


@dataclass(order=True)
class Pending:
    """An event that waits, for room or for its next attempt; `attempts` counts those that ran."""

    due: float
    number: int
    invocation: Invocation = field(compare=False)
    accepted: float = field(compare=False)
    attempts: int = field(default=0, compare=False)
    throttles: int = field(default=0, compare=False)
    outcome: Outcome | None = field(default=None, compare=False)


class EventQueue:
    """`retry_seconds` is the pause before the first retry, 60 on AWS; the second comes after twice as long."""

    def __init__(
        self, invoker: Invoker, configs: EventConfigs, destinations: Destinations, retry_seconds: float
    ) -> None:
        self._invoker, self._configs, self._destinations = invoker, configs, destinations
        self._retry_seconds = retry_seconds
        self._later: list[Pending] = []
        self._ready: defaultdict[str, deque[Pending]] = defaultdict(deque)
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._news = False
        self._open = True
        self._size = self._bytes = 0
        self._runners = ThreadPoolExecutor(max_workers=invoker.pool.size, thread_name_prefix="event")
        invoker.pool.on_release = self._wake
        threading.Thread(target=self._deliver, daemon=True).start()

    def put(self, invocation: Invocation) -> None:
        """Raises Throttled when far too many wait."""
        for _ in range(self._invoker.faults.copies()):
            with self._changed:
                if self._size >= CAPACITY or self._bytes + len(invocation.payload) > CAPACITY_BYTES:
                    raise Throttled(CALLER_LIMIT)
                self._size += 1
                self._bytes += len(invocation.payload)
                now = time.monotonic()
                heapq.heappush(self._later, Pending(now, next(self._numbers), invocation, now))
        self._wake()

    def __len__(self) -> int:
        """Events that wait or run."""
        return self._size

    def close(self) -> None:
        self._open = False
        self._wake()
        self._runners.shutdown(wait=False, cancel_futures=True)

    def _wake(self) -> None:
        with self._changed:
            self._news = True
            self._changed.notify_all()

    def _deliver(self) -> None:
        while self._open:
            with self._changed:
                self._changed.wait_for(lambda: self._news, timeout=self._pause())
                self._news = False
                self._move_due()
            with going_on():
                # In turns: a function with many events leaves room for the others.
                while sum(self._deliver_one(function) for function in list(self._ready)):
                    pass

    def _pause(self) -> float:
        """Until the next event is due; events that wait for room may grow too old meanwhile."""
        due = self._later[0].due - time.monotonic() if self._later else 60.0
        return max(0.0, min(due, 0.5 if self._ready else due))

    def _move_due(self) -> None:
        while self._later and self._later[0].due <= time.monotonic():
            pending = heapq.heappop(self._later)
            self._ready[pending.invocation.target.version.arn].append(pending)

    def _deliver_one(self, function: str) -> bool:
        """The function's next event, if there is room for it."""
        queue = self._ready[function]
        pending = queue[0]
        if not self._given_up(pending):
            try:
                admitted = self._invoker.admit(pending.invocation, wait=False)
            except Throttled as throttled:
                if throttled.reason != CALLER_LIMIT:
                    return False
                self._postpone(pending)
            else:
                self._runners.submit(self._attempt, pending, *admitted)
        queue.popleft()
        if not queue:
            del self._ready[function]
        return True

    def _attempt(self, pending: Pending, environment: Environment, fate: Fate) -> None:
        pending.attempts += 1
        with going_on():
            pending.outcome = None
            pending.outcome = self._invoker.run(environment, fate, pending.invocation)
        if pending.outcome is None:
            self._finish(pending, "LocalFault")
        elif not pending.outcome.error_type:
            self._finish(pending, "Success")
        elif pending.attempts > self._configs.of(pending.invocation.target).retries:
            self._finish(pending, "RetriesExhausted")
        else:
            self._again(pending, self._retry_seconds * pending.attempts)

    def _given_up(self, pending: Pending) -> bool:
        """Whether the event is not to be tried (again): its function is gone or shut, it is too old, or in a loop."""
        try:
            pending.invocation = pending.invocation.refreshed()
        except AwsError:
            self._finish(pending, "FunctionGone")
            return True
        invocation, version = pending.invocation, pending.invocation.target.version
        if versions.reserved_concurrency(version) == 0:
            self._finish(pending, "RetriesExhausted")
        elif time.monotonic() - pending.accepted > self._configs.of(invocation.target).age_seconds:
            self._finish(pending, "EventAgeExceeded")
        elif self._configs.stops_loops(version) and lineage.is_loop(invocation.trace, version):
            self._finish(pending, "RecursiveLoop")
        else:
            return False
        return True

    def _postpone(self, pending: Pending) -> None:
        """After a throttle Lambda waits from a second to five minutes; here in the measure of the retries."""
        pending.throttles += 1
        self._again(pending, max(0.1, min(300, 2**pending.throttles) * self._retry_seconds / 60))

    def _again(self, pending: Pending, seconds: float) -> None:
        pending.due = time.monotonic() + seconds
        with self._changed:
            heapq.heappush(self._later, pending)
        self._wake()

    def _finish(self, pending: Pending, condition: str) -> None:
        config = self._configs.of(pending.invocation.target)
        try:
            told = self._destinations.tell(config, pending.invocation, pending.outcome, condition, pending.attempts)
        except (BotoCoreError, ClientError) as error:
            told = [f"failed: {error}"]
        if condition != "Success":
            journal, version = self._invoker.journal, pending.invocation.target.version
            journal.tell("given up", function=str(version), request_id=pending.invocation.id, why=condition, to=told)
        with self._changed:
            self._size -= 1
            self._bytes -= len(pending.invocation.payload)
