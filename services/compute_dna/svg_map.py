"""`map.svg`: one molecule as a circle or a line, with its own features, the ORFs found and the unique cutters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from html import escape

from foundry.contract import Entry
from foundry.contract.figure import figure
from services.compute_dna import circular_map, linear_map
from services.compute_dna.map_elements import elements_of, legend_of
from services.compute_dna.schema import Options

_STYLE = ".cutter{fill:#666;font-style:italic}"
_DARK = ".cutter{fill:#a9b7af}"
_LEGEND_HEIGHT = 30
_LEGEND_LETTER = 6.6
_LEFT = 20.0


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    for entry in entries:
        elements, length = elements_of(entry), len(entry.item.sequence)
        layout = circular_map if entry.item.topology == "circular" else linear_map
        width, height, shapes = layout.draw(elements, length)
        legend = list(_placed(legend_of(elements, entry.result), width))
        yield from figure(
            itertools.chain(shapes, _legend(legend, height + _LEGEND_HEIGHT / 2)),
            name=entry.item.name or f"item {entry.position}",
            says=f"{length:,} bp, {entry.item.topology}",
            width=width,
            height=height + _LEGEND_HEIGHT * (max([row for *_, row in legend], default=0) + 1),
            style=_STYLE,
            dark=_DARK,
        )


def _placed(colours: dict[str, str], width: float) -> Iterator[tuple[str, str, float, int]]:
    """What colours stand for, with its place from the left and its row: as many in a row as there is room for."""
    x, row = _LEFT, 0
    for name, colour in colours.items():
        room = 35 + _LEGEND_LETTER * len(name)
        if x > _LEFT and x + room > width:
            x, row = _LEFT, row + 1
        yield name, colour, x, row
        x += room


def _legend(placed: Iterable[tuple[str, str, float, int]], top: float) -> Iterator[str]:
    """Rows of colours and what they stand for."""
    for name, colour, x, row in placed:
        y = top + _LEGEND_HEIGHT * row
        yield f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" fill="{colour}"/>'
        yield f'<text class="legend" x="{x + 15:.1f}" y="{y:.1f}">{escape(name)}</text>'
