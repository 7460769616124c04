"""The plots, and the summaries they are made of."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from array import array
from datetime import UTC, timedelta, timezone
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundry.core import result_moments, result_summary
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


_MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-11))]))


@given(st.lists(_MOMENTS.map(lambda one: result_moments.seconds(one.isoformat())), max_size=50))
def test_each_moment_is_in_the_bar_that_holds_it_and_each_bar_can_be_told(values):
    summary = result_summary.of_moments(array("d", values))
    bars = summary.get("bars", [])
    assert sum(items for _, _, items in bars) == len(values)
    assert len(bars) <= 30
    for low, high, items in bars:
        assert len([value for value in values if low <= value < high or value == low == high]) == items
    if bars:
        plots.histogram(bars, title="T", text=plots.described(summary, plots.moment), tell=plots.calendar(bars))


@pytest.mark.parametrize(
    ("first", "last", "begins", "ticks"),
    [
        ("2026-11-05T07:10", "2026-11-05T08:40", "2026-11-05T07:10", {"07:10", "07:35", "08:00"}),
        ("2026-11-05T07:10", "2026-11-09T08:40", "2026-11-05T06:00", {"5 Nov 06:00"}),
        ("2026-11-05", "2026-11-20", "2026-11-05", {"5 Nov"}),
        ("2026-02-05", "2026-11-20", "2026-02-02", {"2 Feb"}),
        ("2024-02-05", "2026-11-20", "2024-01-01", {"Jan 2024"}),
    ],
)
def test_bars_of_moments_begin_where_a_calendar_does(first, last, begins, ticks):
    bars = result_summary.of_moments(array("d", map(result_moments.seconds, (first, last))))["bars"]
    assert bars[0][0] == result_moments.seconds(begins)
    tell = plots.calendar(bars)
    assert ticks <= {tell(low) for low, _, _ in bars}


@pytest.mark.parametrize("highest", [95_000, 190_000, 0.95, 1e-7, 2.5e9, 4e14])
def test_no_figure_below_a_plot_is_cut_or_stands_in_another(highest):
    bars = [(low / 10 * highest, (low + 1) / 10 * highest, 1) for low in range(10)]
    svg = ElementTree.fromstring(plots.histogram(bars, title="T", text=""))
    ticks = [text for text in svg.iter("text") if text.get("y") == "172"]
    spans = [(float(one.get("x")) - len(one.text) * 3.2, float(one.get("x")) + len(one.text) * 3.2) for one in ticks]
    assert spans[-1][1] <= 340
    assert len(spans) > 1
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))


def test_large_figures_below_a_plot_are_short():
    found = [plots.short(value) for value in (0.25, 9999, 10_000, -192_500, 1.5e6, 2e9)]
    assert found == ["0.25", "9,999", "10k", "-192.5k", "1.5M", "2G"]


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
def test_dates_have_a_plot_and_its_bars_lead_to_their_items(dated, page):
    text = page(dated, "distributions/").text
    assert "4 items from 5 Nov 2026, 01:00 UTC to 6 Nov 2026, 00:00 UTC; median" in text
    ways = [unescape(way) for way in re.findall(r'href="\.\./([^"]*)"', text)]
    assert "?f=ready:ge:2026-11-06&f=ready:lt:2026-11-06T01:00:00Z" in ways
    assert re.findall(r'name="item" value="(\d+)"', page(dated, ways[0]).text) == ["2"]
    assert "5 Nov 2026 to 6 Nov 2026" in text, "days have no time"


@pytest.mark.django_db
def test_the_most_frequent_are_told_by_frequency(make_computed, page):
    good, bad = {"sequence": "ACGATTAGCCATGCAATCGTACGATTACGCC"}, {"sequence": "GGTCTCACGATTAGCCATGCAATCGTTGCA"}
    sent = [{"name": f"{number}", "topology": "linear", **(bad if number else good)} for number in range(3)]
    text = page(make_computed(*sent, service="screen-synthesis"), "distributions/").text
    assert "Meets profile. Most frequent: no (2), yes (1)." in text
    sent = [{"name": f"{number}", "topology": "linear", **(good if number else bad)} for number in range(3)]
    text = page(make_computed(*sent, service="screen-synthesis"), "distributions/").text
    assert "Meets profile. Most frequent: yes (2), no (1)." in text


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
