from __future__ import annotations

import pytest

from foundry.intake import IntakeError


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_columns_are_fields(intake, delimiter, name):
    rows = [["Name", "Sequence", "TOPOLOGY", "Copy number"], ["pX", "ACGT", "Linear", "3"], ["pY", "AC", "", ""]]
    [first, second] = intake((name, "\n".join(delimiter.join(row) for row in rows)))
    assert first.values == {"name": "pX", "sequence": "ACGT", "topology": "linear", "copy_number": "3"}
    assert second.values == {"name": "pY", "sequence": "AC"}
    assert str(second.source) == f"{name}, record pY, line 3"


@pytest.mark.parametrize(("heading", "field"), [("ID", "name"), ("DNA sequence", "sequence"), ("seq", "sequence")])
def test_synonyms(intake, heading, field):
    other = "name" if field == "sequence" else "sequence"
    [record] = intake(("a.csv", f"{heading},{other}\nACGT,ACGT\n"))
    assert record.values == {field: "ACGT", other: "ACGT"}


def test_a_byte_order_mark_and_empty_columns_do_not_matter(intake):
    [record] = intake(("a.csv", b"\xef\xbb\xbf,name,sequence,,\r\n0,pX,ACGT,,\r\n,,,,\r\n"))
    assert record.values == {"name": "pX", "sequence": "ACGT"}


def test_lines_are_right_after_quoted_newlines(intake):
    text = 'name,sequence,note\n\n"a\nb","AC\nGT","say ""hi"", now"\nc,ACGT,\n'
    [first, second] = intake(("a.csv", text))
    assert (first.source.line, second.source.line) == (3, 6)
    assert first.values == {"name": "a\nb", "sequence": "AC\nGT", "note": 'say "hi", now'}
    assert str(first.source) == "a.csv, record a?b, line 3"


def test_a_row_of_another_width_is_an_error_in_its_place(intake):
    records = intake(("a.csv", "name,sequence\na,ACGT\nb\nc,ACGT,linear\nd,AC\n"))
    assert [record.error and record.error.code for record in records] == [None, "table_cells", "table_cells", None]
    assert records[2].error.message.startswith("a.csv, record 3, line 4: the row has 3 cells and the header 2")


def test_a_quote_that_does_not_close_spoils_only_its_row(intake):
    records = intake(("a.csv", 'name,sequence\na,ACGT\n"b,ACGT\nc,ACGT\n"d"x,ACGT\ne,ACGT\n'))
    assert [record.values.get("name") for record in records] == ["a", None, "c", None, "e"]
    assert "line 3: cannot read this row" in records[1].error.message
    assert "line 5: cannot read this row" in records[3].error.message


def test_a_long_line_that_is_no_header(intake):
    with pytest.raises(IntakeError, match=r"sequence' column"):
        intake(("a.csv", "ACGT" * 250_000 + "\nname,sequence\n"))


def test_a_cell_may_be_a_megabase(intake):
    [record] = intake(("a.csv", f"name,sequence\nbig,{'ACGT' * 250_000}\n"))
    assert len(record.values["sequence"]) == 1_000_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pX,ACGT\npY,ACGT\n", "it has 'pX', 'ACGT'"),
        ("name,seq,dna\na,A,A\n", "more than one column for sequence"),
        ("name,sequence\n", "no row under it"),
        ('"name,sequence\n', "line 1: cannot read this row"),
    ],
)
def test_a_table_without_a_usable_header(intake, text, says):
    with pytest.raises(IntakeError, match=r"^a\.csv") as caught:
        intake(("a.csv", text))
    assert says in caught.value.message
