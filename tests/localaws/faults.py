"""Faults on request: a share of the invocations is dropped, delayed, doubled, killed or throttled, by a seed."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Shares:
    """Each from 0 to 1. `delay` waits up to `delay_seconds` first, `kill` strikes within `kill_seconds`.

    Only an asynchronous event can be dropped (accepted, never run) or doubled (run twice).
    """

    drop: float = 0.0
    delay: float = 0.0
    duplicate: float = 0.0
    kill: float = 0.0
    throttle: float = 0.0
    delay_seconds: float = 1.0
    kill_seconds: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Fate:
    """What is to become of one delivery."""

    delay_seconds: float | None = None
    kill_after_seconds: float | None = None
    throttle: bool = False


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set(Shares())

    def set(self, shares: Shares) -> None:
        with self._lock:
            self._shares = shares
            # Apart, as events are accepted in one order and delivered in another.
            self._accepting, self._delivering = random.Random(shares.seed), random.Random(shares.seed + 1)

    def copies(self) -> int:
        """How often an asynchronous event is to be delivered: usually once."""
        with self._lock:
            drop, duplicate = (
                self._accepting.random() < share for share in (self._shares.drop, self._shares.duplicate)
            )
            return 0 if drop else 2 if duplicate else 1

    def fate(self) -> Fate:
        with self._lock:
            shares = self._shares
            drawn, uniform = self._delivering.random, self._delivering.uniform
            throttle, delay, kill = (drawn() < share for share in (shares.throttle, shares.delay, shares.kill))
            return Fate(
                throttle=throttle,
                delay_seconds=uniform(0, shares.delay_seconds) if delay else None,
                kill_after_seconds=uniform(0, shares.kill_seconds) if kill else None,
            )
