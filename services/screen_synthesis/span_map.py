"""`broken-rules.svg`: the sequence as a line, and a lane for each broken rule with the places that break it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from foundry.contract import Entry
from foundry.contract.figure import figure
from services.screen_synthesis.schema import BrokenRule, ScreenOptions, Span

_WIDTH, _LEFT, _RIGHT = 1000, 200, 930
_AXIS, _LANES, _LANE = 70, 110, 30
_BAR = 14
_NARROWEST = 3.0
_LETTERS = 27
_TICKS = 8
_COLOURS = {"forward": "#4c78a8", "reverse": "#b279a2", "both": "#c9504c"}
_MEANINGS = {"forward": "forward strand", "reverse": "reverse strand", "both": "both strands"}


def render(entries: Iterable[Entry], options: ScreenOptions) -> Iterator[str]:
    """One drawing an entry; one that failed has its axis only."""
    for entry in entries:
        length = len(entry.item.sequence)
        broken: list[BrokenRule] = entry.result["broken"] if entry.result else []
        height = _LANES + _LANE * max(len(broken), 1) + 40
        yield from figure(
            _shapes(broken, length, height),
            name=entry.item.name or f"item {entry.position}",
            says=f"{length:,} bp, {len(broken) or 'no'} broken rule{'' if len(broken) == 1 else 's'}",
            width=_WIDTH,
            height=height,
        )


def _shapes(broken: list[BrokenRule], length: int, height: int) -> Iterator[str]:
    yield from _axis(length)
    for lane, rule in enumerate(broken):
        yield from _lane(rule, _LANES + _LANE * lane, length)
    yield from _legend({span["strand"] for rule in broken for span in rule["spans"]}, height - 16)


def _x(place: float, length: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * place / length


def _axis(length: int) -> Iterator[str]:
    yield f'<path class="axis" d="M{_LEFT} {_AXIS}H{_RIGHT}"/>'
    for base in _bases(length):
        x = _x(base - 0.5, length)
        yield f'<path class="axis" d="M{x:.1f} {_AXIS}v6"/>'
        yield f'<text class="small" x="{x:.1f}" y="{_AXIS + 18}" text-anchor="middle">{base:,}</text>'


def _bases(length: int) -> list[int]:
    """The first base, and some at round numbers."""
    least = max(length // _TICKS, 1)
    power = 10 ** (len(str(least)) - 1)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
    return sorted({1, *range(step, length + 1, step)})


def _lane(rule: BrokenRule, y: int, length: int) -> Iterator[str]:
    label = rule["rule"] if len(rule["rule"]) <= _LETTERS else f"{rule['rule'][: _LETTERS - 1]}…"
    yield f'<text class="rule" x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(label)}</text>'
    yield f'<path class="grid" d="M{_LEFT} {y}H{_RIGHT}"/>'
    for span in rule["spans"]:
        yield from _bars(rule, span, y, length)
    yield f'<text x="{_RIGHT + 10}" y="{y + 4}">× {rule["span_count"]:,}</text>'


def _bars(rule: BrokenRule, span: Span, y: int, length: int) -> Iterator[str]:
    """A bar, or one at each end if the span runs across the origin."""
    start, end = span["start"] - 1, span["end"]
    says = escape(f"{rule['rule']}: {span['start']:,} to {end:,}, {_MEANINGS[span['strand']]}")
    for left, right in [(start, end)] if start < end else [(start, length), (0, end)]:
        x = _x(left, length)
        width = max(_x(right, length) - x, _NARROWEST)
        yield (
            f'<rect class="span" x="{x:.1f}" y="{y - _BAR // 2}" width="{width:.1f}" height="{_BAR}" '
            f'fill="{_COLOURS[span["strand"]]}"><title>{says}</title></rect>'
        )


def _legend(strands: set[str], y: int) -> Iterator[str]:
    """What the colours stand for."""
    for at, (strand, meaning) in enumerate(
        (strand, meaning) for strand, meaning in _MEANINGS.items() if strand in strands
    ):
        x = _LEFT + 140 * at
        yield f'<rect x="{x}" y="{y - 10}" width="10" height="10" fill="{_COLOURS[strand]}"/>'
        yield f'<text class="legend" x="{x + 16}" y="{y}">{meaning}</text>'
