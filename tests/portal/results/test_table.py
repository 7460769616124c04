"""The table: pages, order, filters."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
from django.db.models.functions import Now

from foundry.core.models import ResultColumn
from foundry.core.retry import retry
from foundry.core.sweep import sweep
from foundry.portal.requests import results_cells

pytestmark = pytest.mark.django_db


def positions(answer: Any) -> list[int]:
    return [int(position) for position in re.findall(r'name="item" value="(\d+)"', answer.text)]


def asked(*conditions: str, **others: str) -> str:
    pairs = [("f", condition) for condition in conditions] + list(others.items())
    return "?" + "&".join(f"{name}={quote(value)}" for name, value in pairs)


def test_a_page_has_fifty_items_by_position(numbers, page):
    assert positions(page(numbers)) == [*range(1, 51)]
    assert positions(page(numbers, "?page=3")) == [*range(101, 121)]
    assert "Items 101 to 120 of 120" in page(numbers, "?page=3").text


def test_a_page_that_is_not_there_says_so(numbers, page):
    assert "There is no page 9" in page(numbers, "?page=9").text
    assert positions(page(numbers, "?page=-1")) == positions(page(numbers, "?page=x")) == [*range(1, 51)]


def test_it_is_sorted_by_any_column_and_items_without_a_value_come_last(numbers, page):
    assert positions(page(numbers, "?sort=number&page=3"))[-3:] == [2, 1, 7]
    downwards = page(numbers, "?sort=-number")
    assert positions(downwards)[:7] == [1, 2, 3, 4, 5, 6, 8]
    assert positions(page(numbers, "?sort=-number&page=3"))[-1] == 7
    assert 'aria-sort="descending"' in downwards.text


def test_a_heading_leads_to_the_next_order(numbers, page):
    assert 'href="?sort=number"' in page(numbers).text
    assert 'href="?sort=-number"' in page(numbers, "?sort=number").text


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("number:ge:119", [1, 2]),
        ("number:gt:119", [1]),
        ("number:le:2", [119, 120]),
        ("number:lt:2", [120]),
        ("number:is:100", [21]),
        ("number:ge:1,000", []),
    ],
)
def test_it_is_filtered_by_numbers(condition, found, numbers, page):
    assert positions(page(numbers, asked(condition))) == found


def test_filters_and_order_go_together(numbers, page):
    chosen = asked("number:ge:100", "number:lt:117", q="ITEM 1", sort="number")
    assert positions(page(numbers, chosen)) == [19, 18, 17, 16, 15, 14, 13, 12, 11, 10]


def test_it_is_filtered_by_name_and_state(numbers, page):
    assert positions(page(numbers, "?q=item+12")) == [12, 120]
    assert positions(page(numbers, "?state=failed")) == [7]
    assert positions(page(numbers, "?state=succeeded"))[:8] == [1, 2, 3, 4, 5, 6, 8, 9]
    assert positions(page(numbers, "?state=waiting")) == []
    assert positions(page(numbers, "?state=failed&sort=number")) == [7]


@pytest.mark.parametrize(
    ("typed", "found", "shown"),
    [
        ("0,5", [3], "GC ≥ 0.5"),
        ("0,500", [3], "GC ≥ 0.5"),
        (",5", [3], "GC ≥ 0.5"),
        ("50,0%", [3], "GC ≥ 50%"),
        ("0.5", [3], "GC ≥ 0.5"),
        ("1,000", [], "GC ≥ 1,000"),
        ("1,234.5", [], "GC ≥ 1,234.5"),
    ],
)
def test_a_comma_is_a_decimal_one_unless_it_stands_between_thousands(typed, found, shown, profiled, page):
    answer = page(profiled, asked(f"gc_content:ge:{typed}"))
    assert positions(answer) == found
    assert shown in answer.text


@pytest.mark.parametrize("typed", ["1.234,5", "1,23,4", "1,2345,678", "1234,567"])
def test_a_comma_that_may_mean_either_is_refused(typed, profiled, page):
    answer = page(profiled, asked(f"length:ge:{typed}"))
    assert "Write it with a decimal point, as in 1,234.5." in answer.text
    assert positions(answer) == [1, 2, 3, 4]


def test_dates_are_told_as_in_what_was_sent_and_sorted_by_when_they_are(dated, page):
    text = page(dated).text
    assert "5 Nov 2026, 09:15 +02:00" in text
    assert ">5 Nov 2026<" in text, "the day"
    assert "5 Nov 2026, 09:15 +02:00" in page(dated, "1/").text
    assert positions(page(dated, "?sort=ready")) == [2, 1, 3, 4]
    assert positions(page(dated, "?sort=-ready")) == [4, 3, 1, 2]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("ready:ge:2026-11-06", [4]),
        ("ready:gt:2026-11-05", [4]),
        ("ready:le:2026-11-05", [1, 2, 3]),
        ("ready:lt:2026-11-06", [1, 2, 3]),
        ("ready:is:5 Nov 2026", [1, 2, 3]),
        ("ready:is:5 Nov 2026, 09:15 +02:00", [1]),
        ("ready:is:2026-11-05 07:15", [1]),
        ("ready:ge:2026-11-05T09:16+02:00", [3, 4]),
        ("ready:ge:2026-11-05 09:16 +02:00", [3, 4]),
        ("ready:lt:2026-11-04 23:30 -05:00", [2]),
        ("day:is:2026-11-05", [1, 2, 3]),
    ],
)
def test_it_is_filtered_by_dates(condition, found, dated, page):
    assert positions(page(dated, asked(condition))) == found


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("ready:ge:soon", "Ready is a date, and &#x27;soon&#x27; is none: write it as 2026-11-05, or"),
        ("ready:has:2026", "Ready is a date: compare it by"),
        ("day:ge:2026-13-01", "Day is a date, and &#x27;2026-13-01&#x27; is none: write it as 2026-11-05."),
    ],
)
def test_what_is_no_date_is_said(condition, problem, dated, page):
    answer = page(dated, asked(condition))
    assert problem in answer.text
    assert len(positions(answer)) == 4


def test_columns_that_are_now_of_another_kind_are_made_anew(dated, page):
    page(dated, "?sort=ready")
    ResultColumn.objects.filter(path="ready").update(kind="text", values=b"d\0c\0b\0a", order=None)
    assert positions(page(dated, "?sort=ready")) == [2, 1, 3, 4]


def test_names_and_headings_stay_in_sight_and_what_is_the_same_in_most_rows_stands_last(numbers, page):
    text = page(numbers, "?page=1").text
    assert 'class="scroll pinned" tabindex="0"' in text
    assert len(re.findall(r'<th scope="row" class="name">', text)) == 50
    assert re.findall(r"\?sort=([\w:-]*)\"", text)[:4] == ["-", ":name", "number", ":state"]


def test_the_table_that_one_comes_back_to_is_as_it_was(numbers, page):
    chosen = "?state=succeeded&sort=-number"
    text = page(numbers, chosen).text
    kept = escape(chosen)
    assert f'/results/1/{kept}"' in text
    for tab in ("", "distributions/", "downloads/"):
        assert f'href="/requests/{numbers.pk}/results/{tab}{kept}"' in text
        assert f'href="/requests/{numbers.pk}/results/{kept}"' in page(numbers, f"{tab}{chosen}").text
    comparing = text[text.index('<form id="chosen"') :]
    assert '<input type="hidden" name="state" value="succeeded">' in comparing
    compared = page(numbers, f"compare/{chosen}&item=1&item=2").text
    assert f'href="/requests/{numbers.pk}/results/{kept}"' in compared
    assert f'href="/requests/{numbers.pk}/results/2/{kept}"' in compared


def test_a_failed_item_shows_its_error(numbers, page):
    assert "It was told to err." in page(numbers, "?state=failed").text


def test_it_is_filtered_by_texts_and_flags(screened, profiled, page):
    assert positions(page(profiled, asked("topology:is:Circular"))) == [3]
    assert positions(page(profiled, asked("topology:has:lin"))) == [1, 2]
    assert positions(page(screened, asked("meets_profile:is:yes"))) == [2]
    assert positions(page(screened, asked("summary:has:BsaI"))) == [1, 3]


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("length:ge:long", "is a number, and &#x27;long&#x27; is none"),
        ("length:has:4", "is a number: compare it by"),
        ("length:ge:nan", "is a number: compare it by"),
        ("topology:ge:linear", "can be compared by"),
        ("nothing:ge:4", "Choose the column that is to be compared with 4"),
        ("length:!:4", "Choose how to compare Length (bp)"),
        ("length", "Choose how to compare Length (bp)"),
        ("length:ge:50%", "is a number, and &#x27;50%&#x27; is none"),
        ("gc_content:ge:half", "is a number from 0 to 1, or a percentage, and"),
    ],
)
def test_a_condition_that_makes_no_sense_is_said_and_left_out(condition, problem, profiled, page):
    answer = page(profiled, asked(condition))
    assert problem in answer.text
    assert positions(answer) == [1, 2, 3, 4]


def test_the_form_adds_its_condition_to_the_address(profiled, owners_browser):
    answer = owners_browser.get(
        f"/requests/{profiled.pk}/results/", {"f": "length:ge:10", "column": "topology", "op": "is", "value": "linear"}
    )
    assert answer.status_code == 302
    assert answer["Location"].endswith("?f=length:ge:10&f=topology:is:linear")


def test_a_wrong_value_in_the_form_is_told_beside_it(profiled, page):
    answer = page(profiled, "?column=length&op=ge&value=many")
    assert 'aria-invalid="true" aria-describedby="value-error"' in answer.text
    assert "Length (bp) is a number" in answer.text


def test_after_a_wrong_value_only_that_has_to_be_changed(profiled, page):
    text = page(profiled, "?column=gc_content&op=le&value=fifty").text
    assert '<option value="gc_content" selected>' in text
    assert '<option value="le" selected>' in text
    assert 'name="value" value="fifty"' in text


@pytest.mark.parametrize("form", ["?column=&op=ge&value=50", "?column=length&op=ge&value="])
def test_half_a_condition_is_objected_to(form, profiled, page):
    answer = page(profiled, form)
    assert 'id="value-error"' in answer.text
    assert positions(answer) == [1, 2, 3, 4]


def test_a_fraction_may_be_given_as_a_percentage(profiled, page):
    assert positions(page(profiled, asked("gc_content:ge:50%"))) == positions(page(profiled, asked("gc_content:ge:.5")))
    assert positions(page(profiled, asked("gc_content:ge:50 %"))) == [3]


def test_it_is_sorted_by_name_state_and_position_too(numbers, page):
    assert positions(page(numbers, "?sort=:name"))[:4] == [1, 10, 100, 101]
    assert positions(page(numbers, "?sort=-:name"))[:3] == [99, 98, 97]
    assert positions(page(numbers, "?sort=:state&page=3"))[-1] == 7
    assert positions(page(numbers, "?sort=-:state"))[0] == 7
    assert positions(page(numbers, "?sort=-"))[:3] == [120, 119, 118]
    assert positions(page(numbers, "?sort=-&state=succeeded"))[:3] == [120, 119, 118]
    assert positions(page(numbers, "?sort=-&q=item+11"))[:3] == [119, 118, 117]


def test_each_heading_shows_that_one_can_sort_by_it(numbers, page):
    text = page(numbers).text
    for address in ("?sort=-", "?sort=:name", "?sort=:state", "?sort=number"):
        assert f'href="{address}"' in text
    assert text.count("↕") == text.count('<th scope="col"') - 2, "all but the sorted one, and that of the boxes"


def test_conditions_are_shown_and_each_can_be_removed(profiled, page):
    text = page(profiled, asked("length:ge:10", "topology:is:linear")).text
    assert "Length (bp) ≥ 10" in text
    assert 'href="?f=topology:is:linear"' in text


def test_columns_are_made_once_and_again_when_there_are_more_results(make_request, compute, page):
    request = make_request({"number": 3}, {"number": 1})
    assert positions(page(request, "?sort=number")) == [1, 2]
    compute()
    assert positions(page(request, "?sort=number")) == [2, 1]
    made = set(ResultColumn.objects.values_list("made_at", flat=True))
    page(request, "?sort=-number")
    assert set(ResultColumn.objects.values_list("made_at", flat=True)) == made


def test_while_a_request_runs_a_table_that_was_just_made_stays_for_a_while(make_request, compute, page):
    request = make_request({"number": 3}, {"number": 1})
    page(request, "?sort=number")
    ResultColumn.objects.update(made_of="fewer", made_in_s=60)
    assert "as of" in page(request, "?sort=number").text
    compute()
    assert "as of" not in page(request, "?sort=number").text


def test_items_without_results_are_in_the_table(make_request, page):
    request = make_request({"number": 1}, {"number": 2})
    answer = page(request)
    assert positions(answer) == positions(page(request, "?state=waiting")) == [1, 2]
    assert "waiting" in answer.text
    assert "more are on their way" in answer.text


def test_fractions_of_a_column_align(make_computed, page):
    request = make_computed(
        {"name": "a", "sequence": "GC" * 10 + "AT", "topology": "linear"},
        {"name": "b", "sequence": "GC" * 10, "topology": "linear"},
        service="compute-dna",
    )
    text = page(request).text
    assert ">0.909<" in text
    assert ">1.000<" in text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.909, 1.0, 3], ["0.909", "1.000", "3.000"]),
        ([0.5, 0.0012], ["0.5000", "0.0012"]),
        ([2e-7, 5e-9, 0.0], ["2e-7", "5e-9", "0"]),
        ([0.25, 2e-7, None], ["0.250", "2e-7", "–"]),
        ([12345678901234567890, 0.5], ["12,345,678,901,234,567,890.000", "0.500"]),
        ([1e300, 1234.5678], ["1e300", "1,234.6"]),
        ([1.0, 20.0, True], ["1", "20", "yes"]),
        (["x" * 20_000], ["x" * 100 + "…"]),
    ],
)
def test_numbers_of_a_column_align_and_none_looks_like_nothing(values, shown):
    assert list(results_cells.column(values)) == shown


def test_a_page_of_long_texts_is_still_small(make_computed, page, monkeypatch):
    request = make_computed(*({"name": "n" * 200, "number": at} for at in range(60)))
    monkeypatch.setattr(results_cells, "value_at", lambda values, path: "long " * 4000)
    assert len(page(request).content) < 200_000


def test_an_error_names_the_field_as_the_form_does(make_computed, page):
    request = make_computed({"name": "good", "number": 1}, {"name": "bad", "number": -1})
    assert "Number: it must be at least 0." in page(request).text
    assert "Field: Number" in page(request, "2/").text


def test_what_the_columns_mean_can_be_read_and_not_only_hovered(profiled, page):
    assert "What the columns mean" in page(profiled).text
    assert "<dt>GC</dt><dd>" in page(profiled).text


@pytest.mark.parametrize("path", ["", "1/", "distributions/", "downloads/", "compare/", "1/item.json"])
def test_looking_is_all_that_can_be_done_there(profiled, owners_browser, path):
    assert owners_browser.post(f"/requests/{profiled.pk}/results/{path}").status_code == 405


def test_one_item_is_told_of_as_one(make_computed, page):
    request = make_computed({"name": "only", "number": 1})
    assert "1 of 1 item has a result" in page(request).text
    assert "Of 1 item with a result" in page(request, "distributions/").text


def test_a_name_is_no_markup(make_computed, page):
    request = make_computed({"name": "<script>alert(1)</script>", "number": 1})
    for path in ("", "1/", "distributions/", "?q=<script>"):
        assert "<script>alert" not in page(request, path).text


def test_a_request_of_a_service_that_is_gone_still_has_its_items(numbers, page, monkeypatch):
    monkeypatch.setattr("foundry.catalog.services", dict)
    for path in ("", "?q=item", "distributions/", "1/", "downloads/", "compare/?item=1&item=2"):
        assert "item" in page(numbers, path).text
    page(numbers, "downloads/csv", status=404)


def test_the_sweep_removes_columns_that_are_a_day_old_and_they_are_made_again(numbers, page):
    page(numbers, "?sort=number")
    sweep()
    assert ResultColumn.objects.count() == 3
    ResultColumn.objects.update(made_at=Now() - timedelta(days=1, seconds=1))
    sweep()
    assert ResultColumn.objects.count() == 0
    assert positions(page(numbers, "?sort=-number"))[:3] == [1, 2, 3]


def test_results_that_come_later_with_a_retry_are_sorted_too(make_request, compute, page, monkeypatch):
    monkeypatch.setattr("foundry.core.result_columns._PATIENCE", 0)
    request = make_request({"number": 3, "do": "err"}, {"number": 1}, {"number": 2})
    compute()
    assert positions(page(request, "?sort=-number")) == [3, 2, 1]
    retry(request=request)
    assert positions(page(request, "?state=waiting&sort=number")) == [1]
    compute()
    assert positions(page(request, "?state=failed&sort=number")) == [1]
