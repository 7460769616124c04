"""Interrupt: a call that takes too long is ended from within, and nothing else is."""

import itertools
import signal
import subprocess
import threading
import time

import pytest

from foundry.core import interrupt
from foundry.core.interrupt import OvertimeError, call_until


@pytest.fixture(autouse=True)
def _leaves_nothing():
    """No alarm goes off after the call, and whoever had the signal has it again."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before


def soon():
    return time.monotonic() + 0.1


def spin():
    while True:
        pass


def deaf_to_errors():
    while True:
        try:
            time.sleep(60)
        except Exception:
            continue


@pytest.mark.parametrize(
    "endless",
    [
        spin,
        deaf_to_errors,
        lambda: time.sleep(60),
        lambda: threading.Event().wait(60),
        lambda: subprocess.run(["sleep", "60"], check=True),
        lambda: sum(1 for _ in itertools.repeat(1)),
    ],
    ids=["loop", "except Exception", "sleep", "lock", "child", "generator"],
)
def test_what_takes_too_long_is_interrupted(endless):
    began = time.monotonic()
    with pytest.raises(OvertimeError):
        call_until(soon(), endless)
    assert time.monotonic() - began < 5


def test_what_is_in_time_returns():
    assert call_until(time.monotonic() + 60, lambda: 7) == 7


def test_an_exception_of_its_own_passes():
    with pytest.raises(ZeroDivisionError):
        call_until(time.monotonic() + 60, lambda: 1 / 0)


def test_what_swallows_the_interruption_is_interrupted_again(monkeypatch):
    monkeypatch.setattr(interrupt, "_AGAIN_S", 0.1)
    swallowed = []

    def swallow():
        while True:
            try:
                time.sleep(60)
            except BaseException as error:
                if len(swallowed) == 2:
                    raise
                swallowed.append(error)

    with pytest.raises(OvertimeError):
        call_until(soon(), swallow)
    assert len(swallowed) == 2


def test_c_code_is_found_to_be_late_when_it_comes_back():
    began = time.monotonic()
    with pytest.raises(OvertimeError):
        call_until(began + 0.01, lambda: sum(itertools.repeat(1, 20_000_000)))


def test_with_no_time_left_nothing_is_called():
    called = []
    with pytest.raises(OvertimeError):
        call_until(time.monotonic(), lambda: called.append(1))
    assert called == []


def test_an_alarm_in_the_last_moment_strikes_nothing_but_the_call():
    """It may go off on the way out; then the call was late, or it is let go."""

    def work_until(moment):
        while time.monotonic() < moment:
            pass
        return moment

    results, late = 0, 0
    for microseconds in range(-100, 100):
        limit = time.monotonic() + 0.001
        try:
            call_until(limit, lambda limit=limit, off=microseconds: work_until(limit + off / 1e6))
            results += 1
        except OvertimeError:
            late += 1
    assert results
    assert late
