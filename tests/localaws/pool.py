"""The environments there are: found, made, reused and ended, within the server's bound and the functions' own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.localaws import versions
from tests.localaws.environment import Environment
from tests.localaws.errors import ACCOUNT_LIMIT, RESERVED_LIMIT, Throttled
from tests.localaws.going_on import going_on
from tests.localaws.versions import Version

#: How often memory is looked at, in seconds.
WATCH_SECONDS = 0.05


class Pool:
    """At most `size` environments; whoever finds none waits up to `patience` seconds, in front of events."""

    def __init__(self, make: Callable[[Version], Environment], size: int, patience: float, idle_seconds: float) -> None:
        self._make, self.size, self._patience, self._idle_seconds = make, size, patience, idle_seconds
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._changed = threading.Condition()
        self._waiting = 0
        self._open = True
        #: Called after an environment became free.
        self.on_release: Callable[[], None] = lambda: None
        threading.Thread(target=self._watch, daemon=True).start()

    def acquire(self, version: Version, *, wait: bool) -> Environment:
        """An environment for one invocation of the version, to be given back with `release`. Raises Throttled."""
        # Making one may unzip, which is not for the lock.
        reserved, key, others = versions.reserved_concurrency(version), version.key, versions.reservations(version)
        deadline = time.monotonic() + self._patience
        with self._changed:
            while True:
                if reserved is not None and self._running(version.arn) >= reserved:
                    raise Throttled(RESERVED_LIMIT)
                if (wait or not self._waiting) and (reserved is not None or self._has_unreserved(others)):
                    found, ended = self._take(version, key)
                    if found is not None:
                        break
                left = deadline - time.monotonic()
                if not wait or left <= 0 or not self._open:
                    raise Throttled(ACCOUNT_LIMIT)
                self._waiting += 1
                self._changed.wait(left)
                self._waiting -= 1
        for environment in ended:
            environment.close()
        return found

    def release(self, environment: Environment) -> None:
        """Kept for the next event if it still can serve one."""
        environment.idle_since = time.monotonic()
        useful = environment.alive and self._open and versions.is_current(environment.version)
        if not useful:
            environment.close()
        with self._changed:
            self._busy.discard(environment)
            if useful:
                self._idle.append(environment)
            self._changed.notify_all()
        self.on_release()

    def sweep(self) -> None:
        """Ends idle environments that were idle for long, or whose version is gone or, for $LATEST, changed."""
        now = time.monotonic()
        with self._changed:
            stale = [
                environment
                for environment in self._idle
                if now - environment.idle_since > self._idle_seconds
                or not environment.alive
                or not versions.is_current(environment.version)
            ]
            self._idle = [environment for environment in self._idle if environment not in stale]
            self._changed.notify_all()
        for environment in stale:
            environment.close()

    def busy(self) -> list[Environment]:
        with self._changed:
            return list(self._busy)

    def running(self) -> list[Environment]:
        """The idle ones, too."""
        with self._changed:
            return [*self._busy, *self._idle]

    def digests(self) -> set[str]:
        """The packages that run."""
        return {environment.version.digest for environment in self.running()}

    def close(self) -> None:
        with self._changed:
            self._open = False
            everything = [*self._busy, *self._idle]
            self._idle = []
            self._changed.notify_all()
        for environment in everything:
            environment.close()

    def _take(self, version: Version, key: str) -> tuple[Environment | None, list[Environment]]:
        """The warmest idle one of the version, else a new one, if need be in the place of the coldest of another."""
        for environment in reversed(self._idle):
            if environment.key == key and environment.alive:
                self._idle.remove(environment)
                self._busy.add(environment)
                return environment, []
        ended: list[Environment] = []
        if len(self._busy) + len(self._idle) >= self.size:
            if not self._idle:
                return None, []
            ended.append(self._idle.pop(0))
        environment = self._make(version)
        self._busy.add(environment)
        return environment, ended

    def _running(self, arn: str) -> int:
        return sum(environment.version.arn == arn for environment in self._busy)

    def _has_unreserved(self, reservations: dict[str, int]) -> bool:
        """Whether there is room beside what is reserved for other functions; more than there is cannot be."""
        unreserved = self.size - sum(reservations.values())
        busy = sum(environment.version.arn not in reservations for environment in self._busy)
        return unreserved <= 0 or busy < unreserved

    def _watch(self) -> None:
        swept = time.monotonic()
        while self._open:
            time.sleep(WATCH_SECONDS)
            with going_on():
                for environment in self.busy():
                    environment.watch_memory()
                if time.monotonic() - swept > 1.0:
                    swept = time.monotonic()
                    self.sweep()
