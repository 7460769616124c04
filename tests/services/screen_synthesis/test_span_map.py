"""The picture of broken rules shows the spans of the result, each at its place."""

import xml.etree.ElementTree as ElementTree

import pytest

from foundry.contract import Entry, ItemError, SequenceItem
from services.screen_synthesis import span_map
from services.screen_synthesis.compute import compute
from services.screen_synthesis.schema import ScreenOptions

SVG = "{http://www.w3.org/2000/svg}"
FILLER = "ACGATTAGCCATGCAATCGT"


def drawing(sequence, topology="linear", name=""):
    item = SequenceItem(sequence=sequence, topology=topology, name=name)
    (result,) = compute([item], ScreenOptions())
    entry = Entry(position=1, item=item, result=result, error=None)
    return result, ElementTree.fromstring("".join(span_map.render([entry], ScreenOptions())))


def bars(root):
    return [bar for bar in root.iter(f"{SVG}rect") if bar.get("class") == "span"]


def texts(root, kind):
    return [text.text for text in root.iter(f"{SVG}text") if text.get("class") == kind]


def test_each_span_has_a_bar_at_its_place():
    sequence = f"GGTCTC{FILLER}{'A' * 9}{FILLER}GAGACC"
    result, root = drawing(sequence)
    assert texts(root, "rule") == [broken["rule"] for broken in result["broken"]]
    assert len(bars(root)) == sum(len(broken["spans"]) for broken in result["broken"])
    first = bars(root)[0]
    assert first.find(f"{SVG}title").text == "BsaI site: 1 to 6, forward strand"
    assert float(first.get("x")) == 200
    assert float(first.get("width")) == pytest.approx(730 * 6 / len(sequence), abs=0.1)
    last = bars(root)[1]
    assert float(last.get("x")) + float(last.get("width")) == pytest.approx(930, abs=0.1)
    assert last.get("fill") != first.get("fill"), "the strands are told apart"
    assert texts(root, "legend") == ["forward strand", "reverse strand", "both strands"]


def test_a_span_across_the_origin_has_a_bar_at_each_end():
    _, root = drawing(f"CTC{FILLER}GGT", "circular")
    left, right = sorted((float(bar.get("x")), float(bar.get("width"))) for bar in bars(root))
    assert left[0] == 200
    assert sum(right) == pytest.approx(930, abs=0.1)


def test_a_sequence_that_breaks_no_rule_says_so():
    _, root = drawing(FILLER, name="<fine>")
    assert root.find(f"{SVG}title").text == "<fine>, 20 bp, no broken rules"
    assert not bars(root)


def test_all_bars_and_labels_are_on_the_drawing():
    _, root = drawing("GGTCTC" * 40 + "A" * 40 + "GAAGAC" * 10)
    height = float(root.get("height"))
    for bar in bars(root):
        assert float(bar.get("x")) + float(bar.get("width")) < 1000
        assert float(bar.get("y")) + float(bar.get("height")) < height


def test_an_item_that_failed_has_its_axis_only():
    item = SequenceItem(sequence=FILLER, topology="linear")
    entry = Entry(position=2, item=item, result=None, error=ItemError(code="x", message="y"))
    root = ElementTree.fromstring("".join(span_map.render([entry], ScreenOptions())))
    assert not bars(root)
