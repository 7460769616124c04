"""Lines of tables: they read back as what went in, and no text in them is a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundry.contract.table import csv_line

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_what_goes_in_comes_out_and_formulas_as_texts(cells):
    (row,) = csv.reader(io.StringIO(csv_line(cells), newline=""))
    assert row == [f"'{cell}" if cell.startswith(FORMULA) and len(cell) > 1 else cell for cell in cells]


@pytest.mark.parametrize("start", FORMULA)
def test_a_text_that_starts_like_a_formula_starts_with_an_apostrophe(start):
    (row,) = csv.reader(io.StringIO(csv_line([f"{start}HYPERLINK(A1)"]), newline=""))
    assert row == [f"'{start}HYPERLINK(A1)"]


@pytest.mark.parametrize(
    ("cell", "shown"), [(-1, "-1"), (-0.5, "-0.5"), (None, ""), (True, "True"), ("+", "+"), ("-", "-"), ("a=b", "a=b")]
)
def test_numbers_and_lone_signs_stay_what_they_are(cell, shown):
    assert csv_line([cell, 1]) == f"{shown},1\r\n"


def test_only_what_needs_quotes_has_them():
    assert csv_line(["a b", "a,b", 'a"b', "a\nb"]) == 'a b,"a,b","a""b","a\nb"\r\n'
