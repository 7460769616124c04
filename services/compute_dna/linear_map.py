"""A linear molecule: the axis, cutters in rows of labels above it, arrows with their names in lanes below."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from services.compute_dna.map_elements import LABEL_HEIGHT, Element, lanes, scale, shortened

_WIDTH, _MARGIN = 1000.0, 90.0
_TOP = 60.0
_LETTER = 6.6
_LANE = 34.0
_BAR = 12.0
_ARROW = 9.0


def draw(elements: list[Element], length: int) -> tuple[float, float, Iterator[str]]:
    """Width, height and the shapes."""
    cutters = [one for one in elements if one.kind == "cutter"]
    rows = _rows(cutters, length)
    placed = _text_lanes([one for one in elements if one.kind != "cutter"], length)
    axis = _TOP + LABEL_HEIGHT * (max(rows, default=0) + 2)
    height = axis + 40 + _LANE * (max(placed.values(), default=0) + 1)
    return _WIDTH, height, _shapes(list(zip(cutters, rows, strict=True)), placed, length, axis)


def _x(place: float, length: int) -> float:
    return _MARGIN + (_WIDTH - 2 * _MARGIN) * place / length


def _rows(cutters: list[Element], length: int) -> list[int]:
    """A row above the axis for each label, so that it meets no other label and no leader of a higher one."""
    starts: list[float] = []
    rows = []
    for one in reversed(cutters):
        left = _x(one.start, length)
        right = left + _LETTER * len(one.label) + 6
        row = max((at for at, start in enumerate(starts) if start <= right), default=-1) + 1
        starts[row : row + 1] = [left]
        rows.append(row)
    return rows[::-1]


def _text_lanes(elements: list[Element], length: int) -> dict[Element, int]:
    """Lanes that leave room for the names below the arrows."""
    drawn = {}
    for one in elements:
        middle, half = _text(one, length)
        left, right = min(_x(one.start, length), middle - half), max(_x(one.end, length), middle + half)
        drawn[Element(one.label, int(left), int(right) + 1, one.start, one.kind)] = one
    return {drawn[span]: lane for span, lane in lanes(list(drawn), int(_WIDTH) + 1).items()}


def _text(one: Element, length: int) -> tuple[float, float]:
    """The middle of an arrow's name, within the drawing, and half its width."""
    half = _LETTER * len(shortened(one.label)) / 2 + 3
    return min(max(_x(one.middle, length), half), _WIDTH - half), half


def _shapes(cutters: list[tuple[Element, int]], placed: dict[Element, int], length: int, axis: float) -> Iterator[str]:
    for one, row in cutters:
        x, y = _x(one.start, length), axis - LABEL_HEIGHT * (row + 1)
        yield f'<path class="leader" d="M{x:.1f} {axis:.1f}V{y - 8:.1f}"/>'
        yield f'<text class="cutter" x="{x + 3:.1f}" y="{y:.1f}">{escape(one.label)}</text>'
    yield f'<path class="axis" d="M{_x(0, length):.1f} {axis:.1f}H{_x(length, length):.1f}"/>'
    for base in scale(length):
        x = _x(base - 1, length)
        yield f'<path class="axis" d="M{x:.1f} {axis:.1f}v6"/>'
        yield f'<text x="{x:.1f}" y="{axis + 18:.1f}" text-anchor="middle" class="small">{base:,}</text>'
    for one, lane in placed.items():
        yield from _arrow(one, axis + 32 + _LANE * lane, length)


def _arrow(one: Element, y: float, length: int) -> Iterator[str]:
    left, right = _x(one.start, length), max(_x(one.end, length), _x(one.start, length) + 2)
    head = min(_ARROW, (right - left) / 2)
    tail, neck, tip = (left, right - head, right) if one.strand >= 0 else (right, left + head, left)
    neck = neck if one.strand else tip
    top, bottom = y - _BAR / 2, y + _BAR / 2
    yield (
        f'<path fill="{one.colour}" d="M{tail:.1f} {top:.1f}H{neck:.1f}L{tip:.1f} {y:.1f}L{neck:.1f} {bottom:.1f}'
        f'H{tail:.1f}Z"><title>{escape(one.label)}</title></path>'
    )
    x, _ = _text(one, length)
    yield f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{escape(shortened(one.label))}</text>'
