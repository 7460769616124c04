"""An item's page: figures, values, what was sent, its error; and two items side by side."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

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
        r'<td><details><summary class="mono">(\w+…)</summary><span class="mono">(\w+)</span>', page(request, "1/").text
    )
    assert (len(found[0][0]), len(found[0][1])) == (25, 91)


def test_a_glance_and_the_table_have_the_same_figures(profiled, page):
    gc = re.search(r"<dt>GC</dt><dd>([\d.]+)</dd>", page(profiled, "1/").text)[1]
    assert f">{gc}<" in page(profiled).text
