"""Downloads: what is in them, and that nothing in them runs."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
from datetime import datetime, timedelta
from html import escape
from typing import Any

import openpyxl
import pytest

from foundry.api import bundle, items
from foundry.api.problems import ProblemError
from foundry.api.workbook import Heading, Sheet, workbook
from foundry.core.models import ServiceRequest
from foundry.intake.files import read
from foundry.intake.record import Upload

pytestmark = pytest.mark.django_db


def body(answer: Any) -> bytes:
    return b"".join(answer)


def sheets(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_a_workbook_has_the_same_table_as_csv(profiled, page):
    found = sheets(body(page(profiled, "downloads/xlsx")))["Results"]
    lines = list(csv.reader(io.StringIO(body(page(profiled, "downloads/csv")).decode(), newline="")))
    assert [[("" if cell is None else str(cell)) for cell in row] for row in found] == lines
    assert len(found) == 5
    assert isinstance(found[1][5], int)


def test_its_summary_says_what_was_computed_and_the_figures_of_its_columns(profiled, page):
    rows = {row[0]: row[1:] for row in sheets(body(page(profiled, "downloads/xlsx")))["Summary"]}
    assert rows["Request"][0] == "my designs"
    assert rows["Items succeeded"][0] == 3
    assert rows["Length (bp)"][:3] == (3, 31, 48)


def test_no_text_of_a_table_is_a_formula(make_computed, page):
    request = make_computed({"name": "=1+1", "number": 1}, {"name": "@SUM(A1)", "number": 2})
    names = [row[1] for row in sheets(body(page(request, "downloads/xlsx")))["Results"]]
    book = openpyxl.load_workbook(io.BytesIO(body(page(request, "downloads/xlsx"))))
    assert names == ["name", "=1+1", "@SUM(A1)"]
    assert {cell.data_type for cell in book["Results"]["B"]} <= {"s", "inlineStr"}
    assert "'=1+1" in body(page(request, "downloads/csv")).decode()


def test_only_items_of_one_state(profiled, page):
    rows = sheets(body(page(profiled, "downloads/xlsx?state=failed")))["Results"]
    assert [row[0] for row in rows] == ["position", 4]


def test_any_text_is_written_so_that_excel_reads_it(settings):
    strange = ["a\x00b\x0bc", "_x0041_", "<&>\"'", "x" * 40_000, None, True, 1.5, 10**20, "\ud800", "  two  "]
    made = b"".join(workbook([Sheet("S & S", [["head"], strange])], made_at=_moment()))
    (row,) = sheets(made)["S & S"][1:]
    assert row[0] == "abc"
    assert row[1] in ("_x005F_x0041_", "_x0041_")
    assert row[2:10] == ("<&>\"'", "x" * 32_767, None, True, 1.5, 10**20, "", "  two  ")


def _moment() -> Any:
    from django.utils import timezone

    return timezone.now()


def test_a_workbook_of_many_rows_comes_in_small_pieces():
    chance = random.Random(1)
    rows = ([number, f"{chance.random()}", 1.5] for number in range(50_000))
    pieces = [len(piece) for piece in workbook([Sheet("S", rows, is_table=True)], made_at=_moment())]
    assert len(pieces) > 5
    assert max(pieces) < 300_000


def test_a_table_is_as_wide_as_it_needs_and_can_be_filtered():
    rows = [[Heading("position"), Heading("name")], [1, "a name of some length"], [2, "x" * 500]]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(workbook([Sheet("S", rows, True)], made_at=_moment()))))
    assert book["S"].auto_filter.ref == "A1:B3"
    assert book["S"].freeze_panes == "A2"
    assert [book["S"].column_dimensions[name].width for name in "AB"] == [11, 60]
    assert [cell.font.b for cell in book["S"][1]] == [True, True]
    assert not book["S"]["A2"].font.b


def test_dates_are_dates_and_options_have_rows(make_computed, page):
    items = {"name": "a", "sequence": "ACGT", "topology": "linear"}
    request = make_computed(items, service="compute-dna", options={"gc_window": 60}, tags=["cycle 7", "promoters"])
    book = openpyxl.load_workbook(io.BytesIO(body(page(request, "downloads/xlsx"))))
    rows = {row[0].value: row[1] for row in book["Summary"].iter_rows() if row[0].value}
    assert rows["Created at (UTC)"].is_date
    assert abs(rows["Created at (UTC)"].value - request.created_at.replace(tzinfo=None)) < timedelta(seconds=1)
    assert rows["Tags"].value == "cycle 7, promoters"
    assert (rows["GC window"].value, rows["Start codons"].value) == (60, "ATG")


def test_a_summary_has_the_words_of_the_form(profiled, page):
    rows = {row[0]: row[1] for row in sheets(body(page(profiled, "downloads/xlsx")))["Summary"]}
    assert rows["Service"] == "Compute DNA"
    assert rows["dNTP (mM)"] == 0
    assert rows["Host"] == "E. coli (taxon 316407)"
    assert not [name for name in rows if name and "_" in name]


def test_dates_of_results_are_dates_that_excel_reckons_with(dated, page):
    book = openpyxl.load_workbook(io.BytesIO(body(page(dated, "downloads/xlsx?f=ready:le:2026-11-05&sort=ready"))))
    head, *rows = book["Results"].iter_rows(min_col=6, max_col=7)
    assert [cell.value for cell in head] == ["Ready (UTC)", "Day"]
    assert [row[0].value for row in rows] == [
        datetime(2026, 11, 5, 1),
        datetime(2026, 11, 5, 7, 15),
        datetime(2026, 11, 5, 23, 59, 59),
    ]
    assert {row[1].value for row in rows} == {datetime(2026, 11, 5)}
    assert all(cell.is_date for row in rows for cell in row)
    assert rows[0][1].number_format == "yyyy\\-mm\\-dd"
    summary = {row[0]: row[1:] for row in sheets(body(page(dated, "downloads/xlsx?f=ready:le:2026-11-05")))["Summary"]}
    assert summary["Ready (UTC)"][:2] == (4, datetime(2026, 11, 5, 1))
    assert summary["In this file"][0] == "Ready under 2026-11-06 00:00:00 UTC"
    assert "2026-11-05T09:15:00+02:00" in body(page(dated, "downloads/csv")).decode(), "for programs as it is"


def test_a_date_that_excel_does_not_know_stays_a_text(make_computed, page):
    request = make_computed({"name": "old", "ready": "1899-01-01T00:00:00Z"}, service="toy-dated")
    (row,) = sheets(body(page(request, "downloads/xlsx")))["Results"][1:]
    assert row[5:7] == ("1899-01-01T00:00:00+00:00", "1899-01-01")


def test_a_file_of_some_items_says_so_in_its_name_and_in_itself(profiled, page):
    answer = page(profiled, "downloads/xlsx?state=failed")
    assert "-failed.xlsx" in answer["Content-Disposition"]
    summary = {row[0]: row[1] for row in sheets(body(answer))["Summary"]}
    assert summary["In this file"] == "state is failed"
    answer = page(profiled, "downloads/xlsx?f=length:ge:40&q=s&sort=-length")
    assert "-filtered-sorted.xlsx" in answer["Content-Disposition"]
    summary = {row[0]: row[1] for row in sheets(body(answer))["Summary"]}
    assert summary["In this file"] == "name contains s; Length (bp) at least 40; sorted by Length (bp), downwards"


@pytest.mark.parametrize(
    "query", ["?sort=-number", "?sort=:name&f=number:le:9", "?state=failed", "?sort=-", "?q=item+9"]
)
def test_the_table_is_taken_home_as_it_is_shown(query, numbers, page):
    shown = page(numbers, query).text
    lines = list(csv.DictReader(io.StringIO(body(page(numbers, f"downloads/csv{query}")).decode(), newline="")))
    positions = re.findall(r'name="item" value="(\d+)"', shown)
    assert [line["position"] for line in lines][:50] == positions
    assert escape(f"downloads/csv{query}").replace("+", "%20") in shown.replace("+", "%20")


def test_what_was_sent_is_had_as_fasta_that_can_be_sent_again(profiled, page):
    answer = page(profiled, "downloads/items/fasta")
    assert "-items.fasta" in answer["Content-Disposition"]
    text = body(answer).decode()
    found = read([Upload("designs.fasta", text.encode())], max_items=9, max_bytes=9999)
    assert [record.values["name"] for record in found] == ["site", "fine", "plasmid", "bad"]
    assert found[2].values["topology"] == "circular"
    assert max(map(len, text.splitlines())) <= 70
    failed = body(page(profiled, "downloads/items/fasta?state=failed")).decode()
    assert failed == ">bad [topology=linear]\nACGTQACGT\n"


def test_a_refused_sequence_begins_no_record_of_its_own():
    text = items._record(1, {"name": "a\n>b", "sequence": "A" * 70 + ">evil foo" + "ACGT"})
    assert [line for line in text.splitlines() if line.startswith(">")] == [">a_>b"]


def test_items_that_are_no_sequences_are_had_as_lines_only(numbers, page):
    page(numbers, "downloads/items/fasta", status=404)
    lines = body(page(numbers, "downloads/items/ndjson?f=number:ge:119&sort=number")).splitlines()
    assert [json.loads(line)["position"] for line in lines] == [2, 1]
    assert "as FASTA" not in page(numbers, "downloads/").text


def test_the_zip_has_everything(profiled, page):
    answer = page(profiled, "downloads/zip")
    stem = f"my-designs-{str(profiled.pk)[:8]}"
    assert answer["Content-Disposition"] == f'attachment; filename="{stem}.zip"'
    archive = zipfile.ZipFile(io.BytesIO(body(answer)))
    assert archive.testzip() is None
    names = {name.removeprefix(f"{stem}/") for name in archive.namelist()}
    assert names >= {
        *("provenance.json", "results.xlsx", "results.csv", "results.ndjson", "annotated.gb"),
        *("items.ndjson", "items.fasta"),
        *("items/001-site/map.svg", "items/003-plasmid/gc-plot.svg", "items/002-fine/restriction-sites.csv"),
    }
    assert not [name for name in names if "bad" in name]
    assert archive.read(f"{stem}/annotated.gb").count(b"LOCUS") == 3
    assert len(archive.read(f"{stem}/results.ndjson").splitlines()) == 4
    items = [json.loads(line) for line in archive.read(f"{stem}/items.ndjson").splitlines()]
    assert [item["item"]["name"] for item in items] == ["site", "fine", "plasmid", "bad"]
    assert "Summary" in sheets(archive.read(f"{stem}/results.xlsx"))


def test_its_provenance_says_what_made_the_results(profiled, page):
    archive = zipfile.ZipFile(io.BytesIO(body(page(profiled, "downloads/zip"))))
    found = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("provenance.json"))))
    assert found["id"] == str(profiled.pk)
    assert found["options_with_defaults"]["gc_window"] == 50
    assert (found["items"], found["items_succeeded"], found["items_failed"]) == (4, 3, 1)
    assert found["made_by"][0]["release"] == "local"
    assert "numpy" in found["made_by"][0]["versions"]
    assert found["started_at"] < found["finished_at"] < found["exported_at"]


def test_of_many_items_the_zip_has_no_files_of_single_ones(profiled, page, monkeypatch):
    monkeypatch.setattr(bundle, "ITEMS_DRAWN", 3)
    archive = zipfile.ZipFile(io.BytesIO(body(page(profiled, "downloads/zip"))))
    assert not [name for name in archive.namelist() if "/items/" in name]
    found = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("provenance.json"))))
    assert "map.svg" in found["not_in_this_archive"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("a\\b:c*?", "a-b-c"),
        ("..", ""),
        ("plasmid µ 5", "plasmid-µ-5"),
        ("-rf", "rf"),
        ("x" * 500, "x" * 60),
    ],
)
def test_names_of_files_are_safe(name, safe):
    assert bundle.safe(name) == safe


def test_names_in_the_zip_stay_in_its_folder(make_computed, page):
    request = make_computed({"name": "../../up", "number": 1}, {"name": "/root", "number": 2}, label="../x")
    names = zipfile.ZipFile(io.BytesIO(body(page(request, "downloads/zip")))).namelist()
    assert all(name.startswith("x-") and ".." not in name and "\\" not in name for name in names)


def test_a_file_that_is_being_made_has_a_page(profiled, page, monkeypatch):
    def answer(*_: object) -> None:
        raise ProblemError(503, "It is large and is being made.", Retry_After="5")

    monkeypatch.setattr("foundry.api.files.answer", answer)
    told = page(profiled, "downloads/zip", status=503)
    assert "The file is being made" in told.text
    assert told["Retry-After"] == "5"


def test_the_page_lists_what_there_is(profiled: ServiceRequest, page):
    text = page(profiled, "downloads/").text
    for path in ("downloads/zip", "downloads/xlsx", "downloads/csv", "downloads/ndjson", "files/annotated.gb"):
        assert f'href="/requests/{profiled.pk}/results/{path}"' in text
    assert "Failed items only" in text
