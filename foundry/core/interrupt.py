"""Interrupt: a call that takes too long is ended from within, where nobody outside would end it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

#: Between two tries at ending the call, in seconds: what it calls may swallow one, and its way out may take a moment.
_AGAIN_S = 2.0


class OvertimeError(Exception):
    """The call was interrupted, since it took longer than it may."""


class _Interruption(BaseException):
    """No error of the call's, and not for its `except Exception` to catch."""


class _Bell:
    """What the alarm calls, in the main thread, as soon as that runs Python."""

    off = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self.off:
            raise _Interruption


def call_until[T](ends_at: float, function: Callable[[], T]) -> T:
    """What the function returns, if it does so by `ends_at` of time.monotonic(). Raises OvertimeError.

    For the main thread only, which is the one that gets signals. C code that does not come back to Python is not
    interrupted.
    """
    left_s = ends_at - time.monotonic()
    if left_s <= 0:
        raise OvertimeError
    bell = _Bell()
    before = signal.signal(signal.SIGALRM, bell)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, left_s, _AGAIN_S)
            return function()
        finally:
            bell.off = True
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _Interruption:
        signal.setitimer(signal.ITIMER_REAL, 0)  # it may have struck just before the line above
        raise OvertimeError from None
    finally:
        signal.signal(signal.SIGALRM, before)
