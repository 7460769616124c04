"""A circular molecule: the axis, arrows in lanes inside it, labels in a column on each side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from services.compute_dna.map_elements import LABEL_HEIGHT, Element, lanes, scale, shortened, spread

_RADIUS = 200.0
#: Room within the axis for its figures.
_FIGURES = 52.0
_FIGURE_LETTER = 4.6
_LANE = 14.0
_ARROW = 10.0
_WIDTH = 940.0
_TOP = 50.0


def draw(elements: list[Element], length: int) -> tuple[float, float, Iterator[str]]:
    """Width, height and the shapes."""
    sides = [[one for one in elements if _is_right(one, length) is right] for right in (True, False)]
    height = max(2 * _RADIUS + 150, 2 * _TOP + 1.2 * LABEL_HEIGHT * max(map(len, sides)))
    return _WIDTH, height, _shapes(elements, sides, length, height)


def _is_right(one: Element, length: int) -> bool:
    return one.middle % length < length / 2


def _shapes(elements: list[Element], sides: list[list[Element]], length: int, height: float) -> Iterator[str]:
    centre = (_WIDTH / 2, (height + _TOP) / 2)
    yield f'<circle class="axis" cx="{centre[0]:g}" cy="{centre[1]:g}" r="{_RADIUS:g}"/>'
    yield from _scale(length, centre)
    placed = lanes([one for one in elements if one.kind != "cutter"], length)
    depth = max(placed.values(), default=0) + 1
    lane_width = min(_LANE, (_RADIUS - _FIGURES - 28) / depth)
    radii = {one: _RADIUS - _FIGURES - lane * lane_width for one, lane in placed.items()}
    for side, right in zip(sides, (True, False), strict=True):
        yield from _labels(side, radii, length, centre, height - 20, right=right)
    for one, radius in radii.items():
        yield _arrow(one, radius, lane_width - 3, length, centre)


def _point(place: float, radius: float, length: int, centre: tuple[float, float]) -> tuple[float, float]:
    """The origin is at the top and bases run clockwise."""
    angle = 2 * math.pi * place / length
    return centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)


def _scale(length: int, centre: tuple[float, float]) -> Iterator[str]:
    for base in scale(length):
        if base > 1 and length - base < length / 25:
            continue  # it would run into the first
        (x1, y1), (x2, y2) = (_point(base - 1, radius, length, centre) for radius in (_RADIUS, _RADIUS - 6))
        x, y = _figure(base, length, centre)
        yield f'<path class="axis" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'
        yield f'<text x="{x:.1f}" y="{y + 3:.1f}" text-anchor="middle" class="small">{base:,}</text>'


def _figure(base: int, length: int, centre: tuple[float, float]) -> tuple[float, float]:
    """The middle of a figure: as near to its tick as the figure's width and height let it be."""
    angle = 2 * math.pi * (base - 1) / length
    half_width = _FIGURE_LETTER * len(f"{base:,}") / 2
    return _point(base - 1, _RADIUS - 10 - half_width * abs(math.sin(angle)) - 5 * abs(math.cos(angle)), length, centre)


def _arrow(one: Element, radius: float, width: float, length: int, centre: tuple[float, float]) -> str:
    """A band with a head at its 3' end."""
    head = min(_ARROW * length / (2 * math.pi * radius), (one.end - one.start) / 2) if one.strand else 0.0
    tail, neck, tip = one.start, one.end - head, one.end
    if one.strand < 0:
        tail, neck, tip = one.end, one.start + head, one.start
    outer, inner = radius + width / 2, radius - width / 2
    large = int(abs(neck - tail) > length / 2)
    clockwise = int(neck > tail)
    ends = ((tail, outer), (neck, outer), (tip, radius), (neck, inner), (tail, inner))
    corners = [_point(place, distance, length, centre) for place, distance in ends]
    start, shoulder, point, other_shoulder, finish = (f"{x:.1f} {y:.1f}" for x, y in corners)
    return (
        f'<path fill="{one.colour}" d="M{start}A{outer:.1f} {outer:.1f} 0 {large} {clockwise} {shoulder}L{point}'
        f'L{other_shoulder}A{inner:.1f} {inner:.1f} 0 {large} {1 - clockwise} {finish}Z">'
        f"<title>{escape(one.label)}</title></path>"
    )


def _labels(
    side: list[Element],
    radii: dict[Element, float],
    length: int,
    centre: tuple[float, float],
    bottom: float,
    *,
    right: bool,
) -> Iterator[str]:
    """A column of labels, each with a line to its arrow, or to the axis where it has none."""
    side = sorted(side, key=lambda one: _point(one.middle, 1, length, centre)[1])
    wanted = [_point(one.middle, _RADIUS + 40, length, centre)[1] for one in side]
    sign, anchor = (1, "start") if right else (-1, "end")
    column = centre[0] + sign * (_RADIUS + 50)
    for one, y in zip(side, spread(wanted, _TOP, bottom, LABEL_HEIGHT), strict=True):
        (x1, y1), (x2, y2) = (
            _point(one.middle, radius, length, centre) for radius in (radii.get(one, _RADIUS), _RADIUS + 14)
        )
        yield f'<path class="leader" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}L{column - 4 * sign:.1f} {y:.1f}"/>'
        kind = "cutter" if one.kind == "cutter" else "feature"
        yield (
            f'<text class="{kind}" x="{column:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">'
            f"{escape(shortened(one.label))}</text>"
        )
