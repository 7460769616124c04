"""`gc-plot.svg`: GC content in the windows of `gc_window` bases that slide along the molecule."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from foundry.contract import Entry
from foundry.contract.figure import figure
from services.compute_dna.batch import Array
from services.compute_dna.map_elements import scale
from services.compute_dna.schema import Item, Options

_WIDTH, _HEIGHT = 1000, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 940, 50, 240
#: More windows than this are drawn by the extremes of stretches of them.
_POINTS = 1200
_LETTER = 6.6
_STYLE = (
    ".mean{stroke:#767676;stroke-dasharray:6 4}.gc{stroke:#4c78a8;fill:none;stroke-width:1.5}.extreme{fill:#b0413e}"
)
_DARK = ".mean{stroke:#a9b7af}.gc{stroke:#7fb0e3}.extreme{fill:#ff9d98}"


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    for entry in entries:
        item: Item = entry.item
        yield from figure(
            itertools.chain(_axes(len(item.sequence)), _curve(item, options.gc_window)),
            name=item.name or f"item {entry.position}",
            says=f"GC content in windows of {options.gc_window} bp",
            width=_WIDTH,
            height=_HEIGHT,
            style=_STYLE,
            dark=_DARK,
        )


def windows(item: Item, window: int) -> Array:
    """GC content of each window by its first base, over the bases that are known to be G or C, or A or T; NaN: none.

    On a circle windows run across the origin; none if the molecule is shorter than a window.
    """
    if len(item.sequence) < window:
        return np.empty(0)
    around = item.sequence[: window - 1] if item.topology == "circular" else ""
    letters = np.frombuffer((item.sequence + around).encode(), dtype=np.uint8)
    gc, settled = (_sums(np.isin(letters, list(which)), window) for which in (b"GCS", b"ACGTSW"))
    contents: Array = np.where(settled > 0, gc / np.maximum(settled, 1), np.nan)
    return contents


def _sums(flags: Array, window: int) -> Array:
    sums = np.concatenate([[0], np.cumsum(flags)])
    found: Array = sums[window:] - sums[:-window]
    return found


def _x(place: float, length: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * place / length


def _y(fraction: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * fraction


def _axes(length: int) -> Iterator[str]:
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        yield f'<path class="grid" d="M{_LEFT} {y:g}H{_RIGHT}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:g}" text-anchor="end">{percent / 100:.2f}</text>'
    yield f'<path class="axis" d="M{_LEFT} {_BOTTOM}H{_RIGHT}"/>'
    for base in scale(length):
        x = _x(base - 0.5, length)
        yield f'<path class="axis" d="M{x:.1f} {_BOTTOM}v6"/>'
        yield f'<text class="small" x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{base:,}</text>'
    yield f'<text x="{(_LEFT + _RIGHT) / 2:g}" y="{_HEIGHT - 14}" text-anchor="middle">Middle of the window (bp)</text>'


def _curve(item: Item, window: int) -> Iterator[str]:
    contents, length = windows(item, window), len(item.sequence)
    if not len(contents) or np.isnan(contents).all():
        why = "No base is known" if len(contents) else "The molecule is shorter than a window"
        yield f'<text x="{_WIDTH / 2:g}" y="{_y(0.5) - 6:g}" text-anchor="middle">{why}</text>'
        return
    mean = float(np.nanmean(contents))
    yield f'<path class="mean" d="M{_LEFT} {_y(mean):.1f}H{_RIGHT}"><title>mean {mean:.3f}</title></path>'
    for stretch in _stretches(contents, length - window / 2):
        points = " ".join(f"{_x(_middle(at, window, length), length):.1f},{_y(contents[at]):.1f}" for at in stretch)
        yield f'<polyline class="gc" points="{points}"/>'
    for word, at in (("min", int(np.nanargmin(contents))), ("max", int(np.nanargmax(contents)))):
        yield from _extreme(word, at, float(contents[at]), window, length)


def _middle(start: int, window: int, length: int) -> float:
    """The middle of a window by its first base, 0-based; after the origin if it lies there."""
    return (start + window / 2) % length


def _stretches(contents: Array, origin: float) -> Iterator[list[int]]:
    """The windows to draw: all, or the extremes of equal parts. They come in runs, broken by unknown bases and where
    the middle of a window is the first after the origin."""
    known = np.flatnonzero(~np.isnan(contents))
    breaks = (np.diff(known) > 1) | (known[:-1] < origin) & (known[1:] >= origin)
    for run in np.split(known, np.flatnonzero(breaks) + 1):
        part = max(2 * len(contents) // _POINTS, 1)
        if part <= 2:
            yield run.tolist()
        else:
            yield [at for some in itertools.batched(run.tolist(), part, strict=False) for at in _ends(contents, some)]


def _ends(contents: Array, some: tuple[int, ...]) -> list[int]:
    """Where the least and the most of some windows are, in their order."""
    values = contents[list(some)]
    return sorted({some[int(values.argmin())], some[int(values.argmax())]})


def _extreme(word: str, at: int, content: float, window: int, length: int) -> Iterator[str]:
    x, y = _x(_middle(at, window, length), length), _y(content)
    text = f"{word} {content:.3f} from {at + 1:,}"
    half = _LETTER * len(text) / 2
    above = -10 if word == "max" else 20
    yield f'<circle class="extreme" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    yield (
        f'<text class="{word}" x="{min(max(x, _LEFT + half), _RIGHT - half):.1f}" y="{y + above:.1f}" '
        f'text-anchor="middle">{text}</text>'
    )
