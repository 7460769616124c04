"""What all figures have in common."""

from __future__ import annotations

from xml.etree import ElementTree

from foundry.contract.figure import figure

SVG = "{http://www.w3.org/2000/svg}"


def drawn(**fields):
    shape = '<path class="axis" d="M0 0H9"/>'
    given = {"name": "<a> & b", "says": "9 bp", "width": 300, "height": 90.5} | fields
    return ElementTree.fromstring("".join(figure([shape], **given)))


def test_a_figure_has_a_title_a_ground_and_its_shapes():
    image = drawn()
    assert image.get("viewBox") == "0 0 300 90.5"
    assert image.find(f"{SVG}title").text == image.find(f"{SVG}text").text == "<a> & b, 9 bp"
    assert [one.get("class") for one in image][2:] == ["ground", "title", "axis"]


def test_a_long_name_is_cut_where_it_is_seen_and_whole_where_it_is_read():
    image = drawn(name="x" * 400)
    assert image.find(f"{SVG}title").text == f"{'x' * 400}, 9 bp"
    assert image.find(f"{SVG}text").text == f"{'x' * 39}…, 9 bp"


def test_colours_are_those_of_dark_ground_where_the_reader_has_that():
    style = drawn(style=".own{fill:#123}", dark=".own{fill:#def}").find(f"{SVG}style").text
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    assert ".ground{fill:#fff}" in light
    assert ".own{fill:#123}" in light
    assert ".ground{fill:#1a201d}" in dark
    assert dark.endswith(".own{fill:#def}}")
