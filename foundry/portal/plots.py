"""Distribution plots as SVG, for the pages they are in: colours and type come from the stylesheet."""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

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


def number(value: float) -> str:
    """As people write it, without digits that say nothing."""
    return words.figure(float(value), digits=4)


def histogram(bars: Sequence[tuple[float, float, int]], *, title: str, text: str) -> SafeString:
    """Bars of [low, high, items], or of [value, value, items]; `text` says what one sees."""
    highest = _ceiling(max(items for _, _, items in bars))
    return _svg(_histogram(bars, highest, title), _HEIGHT, title, text)


def _histogram(bars: Sequence[tuple[float, float, int]], highest: int, title: str) -> Iterator[str]:
    floor, width = _HEIGHT - _BOTTOM, (_WIDTH - _LEFT - _RIGHT) / len(bars)
    yield from _heights(highest, floor)
    for at, (_, _, items) in enumerate(bars):
        if items:
            tall = max((floor - _TOP) * items / highest, 1)
            x = _LEFT + at * width
            yield _rectangle(x + width * 0.06, floor - tall, width * 0.88, tall)
    yield f'<path class="axis" d="M{_LEFT} {floor}H{_WIDTH - _RIGHT}"/>'
    for x, value in _places(bars, width):
        yield f'<text x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{number(value)}</text>'
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(title)}</text>'


def _places(bars: Sequence[tuple[float, float, int]], width: float) -> Iterator[tuple[float, float]]:
    """Where which figure stands: below the middle of a bar of one value, else below the edges."""
    step = max(math.ceil(len(bars) / _TICKS), 1)
    middle = bars[0][0] == bars[0][1]
    for at, (low, _, _) in enumerate(bars):
        if at % step == 0:
            yield _LEFT + (at + 0.5 * middle) * width, low
    if not middle and len(bars) % step == 0:
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
    if sum(map(_width, word)) <= room:
        return word
    places = itertools.accumulate(map(_width, word), initial=_width("…"))
    kept = sum(place <= room for place in places) - 1
    return f"{word[:kept]}…"


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


def described(summary: dict[str, Any]) -> str:
    """A summary of numbers in words."""
    low, high = summary["minimum"], summary["maximum"]
    return (
        f"{summary['count']:,} items from {number(low)} to {number(high)}; "
        f"median {number(summary['median'])}, mean {number(summary['mean'])}."
    )
