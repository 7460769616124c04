"""Distribution plots as SVG, for the pages they are in: colours and type come from the stylesheet."""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from foundry.core import result_moments
from foundry.portal.catalogue import words

_WIDTH, _HEIGHT = 340, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 24, 44
_ROW, _NAMES, _COUNTS = 24, 130, 60
#: Between a bar's name and the bar.
_SPACE = 8
#: Widths of letters of 12 px, in px; the fonts differ, so they are rather too large.
_NARROW, _OTHER, _CAPITAL, _WIDE, _FULL = 4.0, 7.4, 9.2, 11.8, 12.6
#: Figures below the horizontal axis.
_TICKS = 5
#: What is told in thousands and so on, and what with a power of ten.
_LARGE, _HUGE = ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")), 1e15
#: The shortest month, in seconds.
_A_MONTH = 28 * result_moments.DAY


type Bars = Sequence[tuple[float, float, int]]
#: How a figure is told; below an axis there is less room.
type Tell = Callable[[float], str]


def number(value: float) -> str:
    """As people write it, without digits that say nothing."""
    return words.figure(float(value), digits=4)


def short(value: float) -> str:
    """The same below an axis: 190k."""
    for least, size, letter in _LARGE:
        if least <= abs(value) < _HUGE:
            return f"{number(value / size)}{letter}"
    return number(value)


def day(at: float) -> str:
    """The day of a moment in seconds."""
    found = result_moments.moment(at)
    return f"{found.day} {found:%b} {found.year}"


def moment(at: float) -> str:
    """A moment in seconds, in UTC."""
    return f"{day(at)}, {_clock(result_moments.moment(at))} UTC"


def calendar(bars: Bars) -> Tell:
    """How moments are told below an axis: by month, day or time, as far apart as the bars are."""
    (low, following, _), (_, high, _) = bars[0], bars[-1]
    if following - low >= _A_MONTH:
        return lambda at: day(at).partition(" ")[2]
    if following - low >= result_moments.DAY:
        return lambda at: day(at).rpartition(" ")[0]
    if high - low < result_moments.DAY:
        return lambda at: _clock(result_moments.moment(at))
    return lambda at: f"{day(at).rpartition(' ')[0]} {_clock(result_moments.moment(at))}"


def _clock(found: datetime) -> str:
    return f"{found:%H:%M:%S}" if found.second else f"{found:%H:%M}"


def histogram(bars: Bars, *, title: str, text: str, tell: Tell = short) -> SafeString:
    """Bars of [low, high, items], or of [value, value, items]; `text` says what one sees."""
    highest = _ceiling(max(items for _, _, items in bars))
    return _svg(_histogram(bars, highest, title, tell), _HEIGHT, title, text)


def _histogram(bars: Bars, highest: int, title: str, tell: Tell) -> Iterator[str]:
    floor, width = _HEIGHT - _BOTTOM, (_WIDTH - _LEFT - _RIGHT) / len(bars)
    yield from _heights(highest, floor)
    for at, (_, _, items) in enumerate(bars):
        if items:
            tall = max((floor - _TOP) * items / highest, 1)
            x = _LEFT + at * width
            yield _rectangle(x + width * 0.06, floor - tall, width * 0.88, tall)
    yield f'<path class="axis" d="M{_LEFT} {floor}H{_WIDTH - _RIGHT}"/>'
    for x, shown in _ticks(bars, width, tell):
        yield f'<text x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{escape(shown)}</text>'
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(title)}</text>'


def _ticks(bars: Bars, width: float, tell: Tell) -> Iterator[tuple[float, str]]:
    """Where which figure stands; what would be cut off at the edge of the picture moves into it."""
    found = [(x, tell(value)) for x, value in _places(bars, width)]
    longest = max(_long(shown) for _, shown in found)
    room = longest + _SPACE + max(longest / 2 - _RIGHT, 0)
    step = max(math.ceil(len(bars) / _TICKS), math.ceil(room / width))
    for x, shown in found[::step]:
        yield min(x, _WIDTH - _long(shown) / 2), shown


def _places(bars: Bars, width: float) -> Iterator[tuple[float, float]]:
    """Below the middle of each bar of one value, else below the edges of all."""
    middle = bars[0][0] == bars[0][1]
    for at, (low, _, _) in enumerate(bars):
        yield _LEFT + (at + 0.5 * middle) * width, low
    if not middle:
        yield _LEFT + len(bars) * width, bars[-1][1]


def _heights(highest: int, floor: float) -> Iterator[str]:
    yield f'<text x="{_LEFT - 6}" y="10" text-anchor="end">items</text>'
    for items in sorted({0, highest // 2, highest}):
        y = floor - (floor - _TOP) * items / highest
        yield f'<path class="guide" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(items)}</text>'


def _short(items: int) -> str:
    return f"{items / 1000:g}k" if items >= 10_000 else f"{items:,}"


def _ceiling(items: int) -> int:
    """The round, even number at or above it."""
    power: int = 10 ** (len(str(items)) - 1)
    rounds = (max(power * factor // 10, 2) for factor in (10, 12, 16, 20, 30, 40, 60, 80, 100))
    return next(number for number in rounds if number >= items)


def bars(found: Sequence[tuple[str, int]], *, title: str, text: str) -> SafeString:
    """One bar for each word and its items."""
    return _svg(_bars(found), len(found) * _ROW + 4, title, text)


def _bars(found: Sequence[tuple[str, int]]) -> Iterator[str]:
    most = max(items for _, items in found)
    for at, (word, items) in enumerate(found):
        y = at * _ROW + 2
        wide = max((_WIDTH - _NAMES - _COUNTS) * items / most, 1)
        shown = fitted(word, _NAMES - _SPACE)
        whole = f"<title>{escape(word)}</title>" if shown != word else ""
        yield f'<text x="{_NAMES - _SPACE}" y="{y + 15}" text-anchor="end">{escape(shown)}{whole}</text>'
        yield _rectangle(_NAMES, y + 2, wide, _ROW - 6)
        yield f'<text x="{_NAMES + wide + 6:.1f}" y="{y + 15}">{items:,}</text>'


def fitted(word: str, room: float) -> str:
    """The word, or as much of it as so many px take."""
    if _long(word) <= room:
        return word
    places = itertools.accumulate(map(_width, word), initial=_width("…"))
    kept = sum(place <= room for place in places) - 1
    return f"{word[:kept]}…"


def _long(text: str) -> float:
    return sum(map(_width, text))


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return _FULL
    if letter in "fijltI|!.,:;'()[]{} ":
        return _NARROW
    return _WIDE if letter in "mwMW@%…—" else _CAPITAL if letter.isupper() else _OTHER


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="bar-mark" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _svg(shapes: Iterator[str], height: int, title: str, text: str) -> SafeString:
    """Whoever cannot see the picture gets the text in its place."""
    label = escape(f"{title}. {text}")
    opening = f'<svg class="plot" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
    return mark_safe(f"{opening}{''.join(shapes)}</svg>")  # noqa: S308  what comes from outside is escaped above


def described(summary: dict[str, Any], tell: Tell = number) -> str:
    """A summary of numbers in words."""
    told = f"{summary['count']:,} items from {tell(summary['minimum'])} to {tell(summary['maximum'])}"
    mean = f", mean {tell(summary['mean'])}" if "mean" in summary else ""
    return f"{told}; median {tell(summary['median'])}{mean}."
