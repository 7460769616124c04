"""An item's page: figures, values, what was sent, its error; and two items side by side."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html import escape, unescape
from typing import Any

import pytest

from foundry.portal.requests.results_item import _Line
from foundry.portal.requests.results_values import Node

pytestmark = pytest.mark.django_db


def words(answer: Any) -> str:
    """What one reads on the page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_it_shows_all_values_with_units_and_meaning(profiled, page):
    text = words(page(profiled, "1/"))
    assert "Length 48 bp Bases (base pairs)." in text
    assert "Molecular weight Average mass in daltons" in text
    assert "Type IIS sites" in text
    assert "BsaI" in text


def test_its_figures_are_images_with_text_in_their_place(profiled, page):
    text = page(profiled, "3/").text
    for name in ("map.svg", "gc-plot.svg"):
        assert f'src="/requests/{profiled.pk}/results/3/figures/{name}"' in text
    assert 'alt="GC content along the molecule, of plasmid"' in text


@pytest.mark.parametrize("name", ["map.svg", "gc-plot.svg"])
def test_a_figure_may_run_and_load_nothing(name, profiled, page):
    answer = page(profiled, f"1/figures/{name}")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert ElementTree.fromstring(answer.text).tag.endswith("svg")


def test_another_services_figures_are_there_without_more_ado(screened, page):
    assert "broken-rules.svg" in page(screened, "1/").text
    assert "BsaI site" in page(screened, "1/figures/broken-rules.svg").text


def test_an_error_shows_the_place_it_is_about(profiled, page):
    answer = page(profiled, "4/")
    assert "1 of 9 characters are not IUPAC DNA codes" in words(answer)
    assert "ACGT<mark>Q</mark>ACGT" in answer.text
    assert "figures/" not in answer.text


def test_what_was_sent_can_be_copied_and_taken(profiled, page):
    answer = page(profiled, "2/")
    assert 'data-copy="#sent-sequence"' not in answer.text, "a short one stands among the others"
    long = page(profiled, "3/")
    assert 'data-copy="#sent-sequence"' in long.text
    assert page(profiled, "3/item.json").json()["name"] == "plasmid"


def test_a_very_long_sequence_is_cut(make_computed, page):
    request = make_computed({"name": "long", "sequence": "ACGT" * 5000, "topology": "linear"}, service="compute-dna")
    answer = page(request, "1/")
    assert "The first 5,000; the file below has all." in words(answer)
    assert len(answer.content) < 200_000
    assert len(page(request, "1/item.json").json()["sequence"]) == 20_000


def test_it_leads_to_the_items_before_and_after(profiled, page):
    def links(position: int) -> list[str]:
        return re.findall(r'rel="(prev|next)" href="[^"]*/results/(\d+)/"', page(profiled, f"{position}/").text)

    assert links(1) == [("next", "2")]
    assert links(2) == [("prev", "1"), ("next", "3")]
    assert links(4) == [("prev", "3")]


def _beside(text: str) -> dict[str, int]:
    found = re.findall(r'rel="(prev|next)" href="[^"]*/results/(\d+)/[^"]*"', text)
    return {way: int(position) for way, position in found}


def _back(text: str) -> str:
    return unescape(re.search(r'results/([^"]*)">Results</a>', text)[1])


@pytest.mark.parametrize(
    ("path", "beside", "says", "back"),
    [
        ("1/?sort=-:name", {"prev": 10}, "120 of the 120 sorted", "?sort=-:name&page=3#item-1"),
        ("60/?f=number:le:70", {"prev": 59, "next": 61}, "10 of the 70 filtered", "?f=number:le:70#item-60"),
        ("51/?f=number:le:70", {"next": 52}, "1 of the 70 filtered", "?f=number:le:70#item-51"),
        ("8/?state=succeeded", {"prev": 6, "next": 9}, "7 of the 119 filtered", "?state=succeeded#item-8"),
        ("7/?state=failed", {}, "1 of the 1 filtered", "?state=failed#item-7"),
        ("8/?state=failed", {}, "Not among the 1 filtered any more", "?state=failed"),
        ("70/", {"prev": 69, "next": 71}, "Item 70 of 120", "?page=2#item-70"),
    ],
)
def test_one_steps_through_the_items_that_the_table_had_and_comes_back_to_it(path, beside, says, back, numbers, page):
    answer = page(numbers, path)
    assert _beside(answer.text) == beside
    assert says in words(answer)
    assert _back(answer.text) == back


def test_steps_among_very_many_items_of_a_state_come_from_the_columns(numbers, page, monkeypatch):
    monkeypatch.setattr("foundry.core.result_table._DEEP", 100)
    assert _beside(page(numbers, "8/?state=succeeded").text) == {"prev": 6, "next": 9}


def test_a_filter_costs_an_items_page_few_queries(numbers, page, django_assert_max_num_queries):
    page(numbers, "60/?f=number:le:70")
    with django_assert_max_num_queries(20):
        page(numbers, "60/?f=number:le:70&sort=number")


def test_a_figure_is_enlarged_on_a_page_that_leads_back(profiled, page):
    chosen, item = escape("?q=a&sort=length"), page(profiled, "3/?q=a&sort=length").text
    assert f'href="/requests/{profiled.pk}/results/3/figures/map.svg/enlarged/{chosen}"' in item
    text = page(profiled, "3/figures/map.svg/enlarged/?q=a&sort=length").text
    assert f'src="/requests/{profiled.pk}/results/3/figures/map.svg"' in text
    assert f'href="/requests/{profiled.pk}/results/3/{chosen}">Back to the item</a>' in text
    page(profiled, "3/figures/none.svg/enlarged/", status=404)
    page(profiled, "4/figures/map.svg/enlarged/", status=404)


def test_a_list_beside_another_is_cut_between_its_entries():
    entries = [f"Enzyme{number} {number * 1115:,}" for number in range(100)]
    line = _Line("Sites", "", (Node(label="", entries=entries), Node(label="", entries=[*entries[:-1], "other 1"])))
    assert line.differs, "what is not shown counts too"
    shown, _, more = line.texts[0].rpartition(" and ")
    assert shown.split(", Enzyme")[-1] in {entry.removeprefix("Enzyme") for entry in entries}
    assert len(shown) <= 300
    assert more == f"{100 - shown.count('Enzyme')} more"


def test_beside_each_value_stands_whose_it_is(profiled, page):
    text = page(profiled, "compare/?item=1&item=3").text
    assert '<td role="cell" class="both" data-label="site">48 bp</td>' in text
    assert '<td role="cell" class="both" data-label="plasmid">90 bp</td>' in text


def test_an_item_without_a_result_says_so(make_request, page):
    assert "This item has no result yet." in words(page(make_request({"number": 1}), "1/"))


def test_two_items_stand_side_by_side_and_what_differs_is_marked(profiled, page):
    answer = page(profiled, "compare/?item=1&item=3")
    rows = re.findall(
        r'<tr role="row"( class="differs")?><th role="rowheader"[^>]*>(.*?)</th><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>',
        answer.text,
    )
    found = {label: (one, other, bool(marked)) for marked, label, one, other in rows}
    assert found["Length"] == ("48 bp", "90 bp", True)
    assert found["Ambiguous"] == ("0", "0", False)
    assert answer.text.count("figures/map.svg") == 4


def test_an_item_can_be_compared_with_one_that_failed(profiled, page):
    assert "1 of 9 characters" in words(page(profiled, "compare/?item=1&item=4"))


@pytest.mark.parametrize("chosen", ["?item=1", "?item=1&item=1", "?item=1&item=2&item=3"])
def test_two_different_items_have_to_be_chosen(chosen, profiled, page):
    assert "two different ones can be compared" in page(profiled, f"compare/{chosen}", status=422).text


def test_what_a_service_counts_in_a_column_stands_first_and_open(screened, page):
    text = page(screened, "1/").text
    broken = text.index("<h3>Broken</h3>")
    assert broken < text.index("<dt>Counts</dt>")
    assert text.rfind("<details", 0, broken) == -1
    assert "Change one base" in text
    assert "<h3>Broken</h3>" not in page(screened, "2/").text, "it has none"


def test_a_long_word_in_a_table_is_cut_and_can_be_opened(make_computed, page):
    orf = "ATG" + "GCA" * 90 + "TAA"
    request = make_computed({"name": "orf", "sequence": orf, "topology": "linear"}, service="compute-dna")
    found = re.findall(
        r'<td[^>]*><details><summary class="mono">(\w+…)</summary><span class="mono">(\w+)</span>',
        page(request, "1/").text,
    )
    assert (len(found[0][0]), len(found[0][1])) == (25, 91)


def test_a_glance_and_the_table_have_the_same_figures(profiled, page):
    gc = re.search(r"<dt>GC</dt><dd>([\d.]+)</dd>", page(profiled, "1/").text)[1]
    assert f">{gc}<" in page(profiled).text
