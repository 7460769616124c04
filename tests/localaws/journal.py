"""What happened, one entry an event, for people who watch and for tests that ask."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from typing import Any

#: Entries kept; older ones are forgotten.
LENGTH = 20_000


class Journal:
    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=LENGTH)
        self._numbers = itertools.count(1)
        self._told = threading.Condition()

    def tell(self, what: str, **details: Any) -> None:
        with self._told:
            self._entries.append({"number": next(self._numbers), "at": time.time(), "what": what, **details})
            self._told.notify_all()

    def since(self, number: int, wait_seconds: float = 0.0) -> list[dict[str, Any]]:
        """The entries after `number`; if there is none yet, waits for one."""
        with self._told:
            self._told.wait_for(lambda: self._after(number), timeout=wait_seconds)
            return self._after(number)

    def _after(self, number: int) -> list[dict[str, Any]]:
        if not self._entries or self._entries[-1]["number"] <= number:
            return []
        return [entry for entry in self._entries if entry["number"] > number]
