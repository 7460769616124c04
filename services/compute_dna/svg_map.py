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


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    for entry in entries:
        elements, length = elements_of(entry), len(entry.item.sequence)
        layout = circular_map if entry.item.topology == "circular" else linear_map
        width, height, shapes = layout.draw(elements, length)
        legend = _legend(legend_of(elements, entry.result), height + _LEGEND_HEIGHT / 2)
        yield from figure(
            itertools.chain(shapes, legend),
            name=entry.item.name or f"item {entry.position}",
            says=f"{length:,} bp, {entry.item.topology}",
            width=width,
            height=height + _LEGEND_HEIGHT,
            style=_STYLE,
            dark=_DARK,
        )


def _legend(colours: dict[str, str], y: float) -> Iterator[str]:
    """A row of colours and what they stand for."""
    x = 20.0
    for name, colour in colours.items():
        yield f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" fill="{colour}"/>'
        yield f'<text class="legend" x="{x + 15:.1f}" y="{y:.1f}">{escape(name)}</text>'
        x += 35 + _LEGEND_LETTER * len(name)
