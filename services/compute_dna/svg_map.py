"""`map.svg`: one molecule as a circle or a line, with its own features, the ORFs found and the unique cutters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from foundry.contract import Entry
from services.compute_dna import circular_map, linear_map
from services.compute_dna.map_elements import elements_of, legend_of
from services.compute_dna.schema import Options

_STYLE = (
    "text{font:12px Helvetica,Arial,sans-serif;fill:#222}"
    ".title{font-size:16px;font-weight:bold}.cutter{fill:#666;font-style:italic}"
    ".leader{stroke:#bbb;fill:none}.axis{stroke:#222;fill:none;stroke-width:2}"
)


_LEGEND_HEIGHT = 30
_LEGEND_LETTER = 6.6


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    for entry in entries:
        elements = elements_of(entry)
        layout = circular_map if entry.item.topology == "circular" else linear_map
        width, height, shapes = layout.draw(elements, len(entry.item.sequence))
        height += _LEGEND_HEIGHT
        name = escape(entry.item.name or f"item {entry.position}")
        title = f"{name}, {len(entry.item.sequence):,} bp, {entry.item.topology}"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
            f'viewBox="0 0 {width:g} {height:g}" role="img"><title>{title}</title><style>{_STYLE}</style>'
            f'<rect width="100%" height="100%" fill="#fff"/>'
            f'<text class="title" x="{width / 2:g}" y="28" text-anchor="middle">{title}</text>'
        )
        yield from shapes
        yield from _legend(legend_of(elements, entry.result), height - _LEGEND_HEIGHT / 2)
        yield "</svg>\n"


def _legend(colours: dict[str, str], y: float) -> Iterator[str]:
    """A row of colours and what they stand for."""
    x = 20.0
    for name, colour in colours.items():
        yield f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" fill="{colour}"/>'
        yield f'<text class="legend" x="{x + 15:.1f}" y="{y:.1f}">{escape(name)}</text>'
        x += 35 + _LEGEND_LETTER * len(name)
