"""An SVG figure as a service draws it: on light ground or dark, as its reader has it, in a page, alone or saved.

Programs that know no media queries show the light one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

#: Classes for what figures have in common; without one a text has the colour of ink.
_STYLE = (
    "text{font:12px Helvetica,Arial,sans-serif;fill:#222}.title{font-size:16px;font-weight:bold}.small{font-size:9px}"
    ".ground{fill:#fff}.soft{fill:#666}.axis{stroke:#222;fill:none;stroke-width:2}.grid{stroke:#ddd}"
    ".leader{stroke:#bbb;fill:none}"
)
_DARK = (
    "text{fill:#e8eeea}.ground{fill:#1a201d}.soft{fill:#a9b7af}.axis{stroke:#e8eeea}.grid{stroke:#37413b}"
    ".leader{stroke:#55625b}"
)
_NAME_LETTERS = 40


def figure(
    shapes: Iterable[str], *, name: str, says: str, width: float, height: float, style: str = "", dark: str = ""
) -> Iterator[str]:
    """The shapes under a title of a name and what is said of it, on a ground of their own.

    `style` is CSS for classes of the figure's own, `dark` what is different on dark ground. Over the shapes there must
    be 40 px of room for the title. Colours that are given in the shapes must stand out on white and on #1a201d.
    """
    shown = name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img"><title>{escape(f"{name}, {says}")}</title>'
        f"<style>{_STYLE}{style}@media (prefers-color-scheme:dark){{{_DARK}{dark}}}</style>"
        f'<rect class="ground" width="100%" height="100%"/>'
        f'<text class="title" x="{width / 2:g}" y="28" text-anchor="middle">{escape(f"{shown}, {says}")}</text>'
    )
    yield from shapes
    yield "</svg>\n"
