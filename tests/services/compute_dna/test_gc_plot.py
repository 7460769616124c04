"""The plot of GC content: its curve is the one whose extremes the result has."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from foundry.contract import Entry, ItemError
from services.compute_dna import gc_plot
from services.compute_dna.compute import compute
from services.compute_dna.schema import Options
from tests.services.compute_dna.molecules import item, random_sequence

SVG = "{http://www.w3.org/2000/svg}"


def drawing(one, **options):
    entry = Entry(position=1, item=one, result=None, error=ItemError(code="x", message="y"))
    return ElementTree.fromstring("".join(gc_plot.render([entry], Options(**options))))


def points(root):
    return [
        tuple(map(float, pair.split(",")))
        for line in root.iter(f"{SVG}polyline")
        for pair in line.get("points").split()
    ]


@pytest.mark.parametrize("topology", ["linear", "circular"])
@pytest.mark.parametrize("length", [50, 51, 400, 3000])
def test_its_extremes_are_those_of_the_result(length, topology):
    one = item(random_sequence(length, length).replace("AC", "NC", 3), topology)
    (result,) = compute([one], Options())
    contents = gc_plot.windows(one, 50)
    for word, at in (("minimum", np.nanargmin(contents)), ("maximum", np.nanargmax(contents))):
        found = result["gc_windows"][word]
        assert (round(float(contents[at]), 6), int(at) + 1) == (found["gc_content"], found["start"])


@pytest.mark.parametrize("length", [1000, 200_000])
def test_the_curve_reaches_the_lowest_and_the_highest_window_and_is_of_bounded_size(length):
    one = item(random_sequence(7, length) + "A" * 60 + "G" * 60)
    root = drawing(one)
    heights = [y for _, y in points(root)]
    assert (min(heights), max(heights)) == (50, 240)
    assert len(heights) < 1500
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert f"min 0.000 from {length + 1:,}" in texts or any(re.match(r"min 0\.000 from", text) for text in texts)
    assert any(text.startswith("max 1.000 from") for text in texts)


def test_unknown_bases_break_the_curve():
    root = drawing(item(random_sequence(1, 300) + "N" * 200 + random_sequence(2, 300)))
    assert len(list(root.iter(f"{SVG}polyline"))) == 2


@pytest.mark.parametrize("length", [60, 61, 500, 5000])
@pytest.mark.parametrize("topology", ["linear", "circular"])
def test_the_curve_runs_from_left_to_right_and_over_the_whole_of_a_circle(length, topology):
    root = drawing(item(random_sequence(3, length), topology), gc_window=51)
    places = []
    for line in root.iter(f"{SVG}polyline"):
        run = [float(pair.partition(",")[0]) for pair in line.get("points").split()]
        assert run == sorted(run)
        places += run
    base = 880 / length
    margin = 1.1 * base if topology == "circular" else 26 * base
    if length <= 500:
        assert min(places) == pytest.approx(60, abs=margin)
        assert max(places) == pytest.approx(940, abs=margin)


@pytest.mark.parametrize(
    ("sequence", "why"), [("ACGT", "The molecule is shorter than a window"), ("N" * 80, "No base is known")]
)
def test_it_says_why_there_is_no_curve(sequence, why):
    root = drawing(item(sequence))
    assert not points(root)
    assert why in ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def test_it_escapes_names():
    assert "<b>&" in drawing(item("ACGT" * 30, name="<b>&")).find(f"{SVG}title").text
