"""What a function's process prints, collected line by line."""

from __future__ import annotations

import contextlib
import os
import select
import threading

#: A function that prints more in one invocation loses the rest.
LIMIT = 16 * 1024 * 1024


class Output:
    """A pipe for the process to write to, read all the time so that it never blocks."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        self._data = bytearray()
        self._lock = threading.Lock()

    def started(self) -> None:
        """The process has the writing end now."""
        os.close(self.writer)
        threading.Thread(target=self._read_all, daemon=True).start()

    def take(self) -> list[str]:
        """The lines since the last time; what the process wrote before it answered is among them."""
        with self._lock:
            self._read_what_is_there()
            text = self._data.decode(errors="replace")
            self._data.clear()
        # The runtime interface client writes what belongs together with carriage returns for line ends.
        return [line.replace("\r", "\n") for line in text.rstrip("\n").split("\n") if line]

    def _read_all(self) -> None:
        while True:
            with contextlib.suppress(OSError, ValueError):
                select.select([self._reader], [], [])
            with self._lock:
                if not self._read_what_is_there():
                    os.close(self._reader)
                    self._reader = -1
                    return

    def _read_what_is_there(self) -> bool:
        """False at the end, when no process has the pipe any more."""
        while self._reader >= 0 and select.select([self._reader], [], [], 0)[0]:
            data = os.read(self._reader, 1 << 16)
            if not data:
                return False
            self._data += data[: max(0, LIMIT - len(self._data))]
        return True
