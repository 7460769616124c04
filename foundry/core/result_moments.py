"""Dates and times in results, as seconds since 1970. One without a zone counts as UTC."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
_MINUTE, _HOUR = 60, 3600
#: What steps begin at: a Monday, so that weeks do.
_MONDAY = 4 * DAY
#: Widths of the bars of a plot: in seconds, and where those would be longer than a fortnight, in months.
_STEPS = (
    *(1, 2, 5, 10, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY),
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 300, 600, 1200, 3000, 6000, 12_000)
_A_MONTH = 30.4 * DAY
_NOT_A_NUMBER = float("nan")
_CLOCK = re.compile(r"\d:\d\d(:\d\d)?")


def seconds(value: Any) -> float:
    """Of a value as a result has it; NaN of what is none."""
    try:
        return _since(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return _NOT_A_NUMBER


def _since(found: datetime) -> float:
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH).total_seconds()


#: The first and the last second that there is a date for, and the number of the month after that.
_FIRST, _LAST = _since(datetime.min), _since(datetime.max.replace(microsecond=0))
_AFTER_ALL = 10_000 * 12


def moment(at: float) -> datetime:
    """In UTC."""
    return _EPOCH + timedelta(seconds=min(max(at, _FIRST), _LAST))


def span(text: str) -> tuple[float, float]:
    """From when to before when a date (its whole day) or a date and time is, as people write it. Raises ValueError."""
    written = text.strip().replace(" UTC", "Z")
    found = _told(written) or datetime.fromisoformat(_closed(written))
    return _since(found), _since(found) + _length(written, found)


#: As pages show it: 5 Nov 2026, 14:30 +02:00.
_FORMS = tuple(f"%d %b %Y{clock}{zone}" for clock in ("", ", %H:%M", ", %H:%M:%S") for zone in ("", "%z", " %z"))


def _told(text: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _closed(text: str) -> str:
    """As ISO has it: no blank before the zone."""
    head, _, zone = text.rpartition(" ")
    return f"{head}{zone}" if head and zone[:1] in ("+", "-") else text


def _length(text: str, found: datetime) -> float:
    """How long what was given lasts: a day, a minute, a second, or no longer than it says."""
    clock = _CLOCK.search(text)
    if clock is None and found.time() == time.min:
        return DAY
    if found.microsecond:
        return 1e-6
    return 1 if clock and clock[1] else _MINUTE


def edges(low: float, high: float) -> list[float]:
    """Round moments around all from `low` to `high`, at most some two dozen steps."""
    least = (high - low) / 24
    step = next((step for step in _STEPS if step >= least), None)
    if step is None:
        months = next((months for months in _MONTHS if months * _A_MONTH >= least), _MONTHS[-1])
        return list(_calendar(low, high, months))
    first, last = math.floor((low - _MONDAY) / step), math.floor((high - _MONDAY) / step) + 1
    return [float(_MONDAY + step * number) for number in range(first, last + 1)]


def _calendar(low: float, high: float, months: int) -> Iterator[float]:
    """The firsts of every so many months, as far as the calendar goes."""
    start = moment(low)
    number = (start.year * 12 + start.month - 1) // months * months
    for first in range(number, _AFTER_ALL, months):
        at = _first_of(first)
        yield at
        if at > high:
            return
    yield _LAST


def _first_of(number: int) -> float:
    year, month = divmod(number, 12)
    return _since(datetime(year, month + 1, 1, tzinfo=UTC)) if year else _FIRST
