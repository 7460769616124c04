"""Schedule expressions of EventBridge: rate(...), cron(...), at(...). Times are UTC."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}


class UnknownExpression(ValueError):  # noqa: N818
    """Not a schedule expression, or one that is not understood here."""


def after(expression: str, since: datetime) -> datetime | None:
    """The first time after `since`; None if there is none. A rate counts from `since`. Raises UnknownExpression."""
    match = re.fullmatch(r"(rate|cron|at)\((.+)\)", expression.strip())
    if match is None:
        raise UnknownExpression(expression)
    kinds: dict[str, Callable[[str, datetime], datetime | None]] = {"rate": _rate, "cron": _cron, "at": _at}
    return kinds[match[1]](match[2].strip(), since)


def _rate(text: str, since: datetime) -> datetime:
    match = re.fullmatch(r"([1-9]\d*)\s+(minute|hour|day)s?", text)
    if match is None:
        raise UnknownExpression(text)
    return since + int(match[1]) * _UNITS[match[2]]


def _at(text: str, since: datetime) -> datetime | None:
    try:
        time = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise UnknownExpression(text) from None
    return time if time > since else None


def _cron(text: str, since: datetime) -> datetime | None:
    cron = _Cron.parse(text)
    time = since.replace(second=0, microsecond=0) + timedelta(minutes=1)
    # Days first: a year has too many minutes to try.
    last = time + timedelta(days=5 * 366)
    while time < last:
        if not cron.has_day(time):
            time = time.replace(hour=0, minute=0) + timedelta(days=1)
        elif time.hour not in cron.hours:
            time = time.replace(minute=0) + timedelta(hours=1)
        elif time.minute not in cron.minutes:
            time += timedelta(minutes=1)
        else:
            return time
    return None


@dataclass(frozen=True)
class _Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    month_day: str
    months: frozenset[int]
    week_day: str
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> _Cron:
        fields = text.upper().split()
        # One of the two days must be left open.
        if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
            raise UnknownExpression(text)
        minutes, hours, month_day, months, week_day, years = fields
        cron = cls(
            _numbers(minutes, 0, 59), _numbers(hours, 0, 23), month_day,
            _numbers(months, 1, 12, _MONTHS), week_day, _numbers(years, 1970, 2199),
        )  # fmt: skip
        cron.has_day(datetime.now(UTC))
        return cron

    def has_day(self, day: datetime) -> bool:
        return day.year in self.years and day.month in self.months and self._matches_day(day)

    def _matches_day(self, day: datetime) -> bool:
        if self.week_day == "?":
            last = calendar.monthrange(day.year, day.month)[1]
            return day.day in (frozenset({last}) if self.month_day == "L" else _numbers(self.month_day, 1, 31))
        number = day.isoweekday() % 7 + 1
        nth = re.fullmatch(r"(\w+)#([1-5])", self.week_day)
        if nth:
            return number in _numbers(nth[1], 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(nth[2])
        return number in _numbers(self.week_day, 1, 7, _DAYS)


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The numbers that a field of a cron expression stands for: `*`, `5`, `1-5`, `*/15`, `0/15`, `MON,WED`."""
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(\*|\?|\w+)(?:-(\w+))?(?:/(\d+))?", part)
        if match is None:
            raise UnknownExpression(field)
        begin, end, step = match.groups()
        first = least if begin in "*?" else _number(begin, names)
        final = _number(end, names) if end else most if begin in "*?" or step else first
        found.update(range(first, final + 1, int(step or 1)))
    if not found or min(found) < least or max(found) > most:
        raise UnknownExpression(field)
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdigit():
        raise UnknownExpression(text)
    return int(text)
