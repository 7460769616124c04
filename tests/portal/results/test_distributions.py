"""The plots, and the summaries they are made of."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundry.core import result_summary
from foundry.portal import plots

NAN = float("nan")


@given(st.lists(st.floats(allow_infinity=False, width=32), max_size=200))
def test_each_number_is_in_the_bar_that_holds_it(values):
    summary = result_summary.of_numbers(array("d", values))
    known = [value for value in values if value == value]
    assert summary["count"] == len(known)
    bars = summary.get("bars", [])
    assert sum(items for _, _, items in bars) == len(known)
    assert len(bars) <= 26
    for low, high, items in bars:
        held = [value for value in known if low <= value < high or value == low == high]
        assert len(held) == items


def test_whole_numbers_of_a_small_range_have_a_bar_each():
    summary = result_summary.of_numbers(array("d", [3, 1, 3, NAN]))
    assert summary["bars"] == [(1, 1, 1), (2, 2, 0), (3, 3, 2)]
    assert (summary["minimum"], summary["median"], summary["maximum"]) == (1, 3, 3)


def test_the_median_of_an_even_count_is_in_the_middle_of_two():
    assert result_summary.of_numbers(array("d", [4, 1, NAN, 10, 2]))["median"] == 3


def test_words_are_counted_and_the_rare_ones_together():
    words = [f"w{number}" for number in range(20)] + ["often"] * 5 + [""]
    summary = result_summary.of_words(words)
    assert summary["words"][0] == ("often", 5)
    assert (summary["count"], summary["distinct"], summary["other"]) == (25, 21, 6)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 10**6)), min_size=1, max_size=26))
def test_a_histogram_is_a_picture_with_its_words(bars):
    svg = ElementTree.fromstring(plots.histogram([*bars, (0, 1, 1)], title="Tm (°C) <&>", text="Says it."))
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "Tm (°C) <&>. Says it."
    drawn = [float(bar.get("height")) for bar in svg.iter("rect")]
    assert len(drawn) == sum(items > 0 for _, _, items in bars) + 1
    assert all(0 < height <= 200 for height in drawn)


def test_bars_are_as_long_as_their_figures():
    svg = ElementTree.fromstring(plots.bars([("linear", 40), ("circular", 10)], title="Topology", text=""))
    first, second = (float(bar.get("width")) for bar in svg.iter("rect"))
    assert first == pytest.approx(4 * second)
    assert [text.text for text in svg.iter("text")] == ["linear", "40", "circular", "10"]


@pytest.mark.django_db
def test_columns_have_plots_and_their_bars_lead_to_the_items(profiled, page):
    text = page(profiled, "distributions/").text
    assert 'aria-label="Length (bp). 3 items from 31 to 90;' in text
    assert "../?f=topology:is:linear" in text
    assert "Topology. Most frequent: linear (2), circular (1)." in text


@pytest.mark.django_db
def test_entries_of_a_list_are_tallied(screened, page):
    text = page(screened, "distributions/").text
    assert "Broken rules, by rule" in text
    assert "BsaI site (2)" in text


@pytest.mark.django_db
def test_what_is_the_same_for_all_is_said_and_not_drawn(profiled, page):
    text = page(profiled, "distributions/").text
    assert "The same for all items" in text
    assert 'aria-label="Ambiguous bases' not in text


@pytest.mark.django_db
def test_what_differs_for_each_item_is_not_drawn(profiled, page):
    text = page(profiled, "distributions/").text
    assert "Different for each item: SEGUID." in text
    assert "ldseguid" not in text


@pytest.mark.django_db
def test_of_what_nearly_all_items_have_their_own_those_are_drawn_that_share_it(make_computed, page):
    designs = [{"name": base, "sequence": base * 20, "topology": "linear"} for base in ("A", "C", "AC", "T")]
    text = page(make_computed(*designs, service="compute-dna"), "distributions/").text
    assert "SEGUID, where items share it" in text
    assert text.count("../?f=checksum:is:") == 1


@pytest.mark.django_db
def test_without_results_there_is_nothing_to_plot(make_request, page):
    assert "No item has a result yet" in page(make_request({"number": 1}), "distributions/").text


@pytest.mark.parametrize("word", ["W" * 40, "M" * 14, "工" * 30, "i" * 60, "hairpin 20/200; unique 15-mers"])
def test_the_name_of_a_bar_fits_left_of_it_and_is_whole_where_one_points(word):
    shown = plots.fitted(word, 122)
    assert shown.endswith("…")
    assert word.startswith(shown[:-1])
    wide = {"W": 11.8, "M": 10.4, "工": 12, "i": 3.3}.get(word[0], 6.8)  # in DejaVu Sans and the like
    assert len(shown[:-1]) * wide <= 122
    assert f"<title>{word}</title>" in plots.bars([(word, 1), ("b", 1)], title="T", text="")


@pytest.mark.django_db
def test_the_one_value_of_all_items_is_told_as_what_it_is(make_computed, page):
    fine = {"sequence": "ACGATTAGCCATGCAATCGTACGATTACGCC", "topology": "linear"}
    request = make_computed({"name": "a", **fine}, {"name": "b", **fine}, service="screen-synthesis")
    assert "<dt>Meets profile</dt><dd>yes</dd>" in page(request, "distributions/").text
