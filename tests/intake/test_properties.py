from __future__ import annotations

import csv
import gzip
import io
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from foundry.intake import IntakeError, Record, Upload, read

GENBANK = b"""\
LOCUS       pX                        12 bp    DNA     circular SYN 01-JAN-2020
FEATURES             Location/Qualifiers
     CDS             join(1..9,11..12)
                     /label="x"
ORIGIN
        1 acgtacgtac gt
//
"""
FASTA = b">a [topology=linear]\nACGT\n>b\nAC\nGT\n"
TABLE = b'name,sequence,topology\na,ACGT,linear\n"b","AC",\n'
SNAPGENE = b"\t\0\0\0\x0eSnapGene\0\1\0\x0f\0\x13\0\0\0\0\5\1ACGT\x0a\0\0\0\x0b<Features/>"


def make_zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.fa", content)
        archive.writestr("b.fa", content)
    return buffer.getvalue()


SAMPLES = [GENBANK, FASTA, TABLE, SNAPGENE, make_zip(FASTA), gzip.compress(FASTA, mtime=0)]
GOOD = Upload("good.fa", b">good\nACGT\n")

names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters=">["), min_size=1)
sequences = st.text("ACGTacgtNRY", min_size=1, max_size=300)
topologies = st.sampled_from(["linear", "circular"])


def intake(*uploads: Upload) -> list[Record]:
    return read(uploads, max_items=1000, max_bytes=100_000)


@given(st.lists(st.tuples(names, sequences), min_size=1), st.integers(1, 100), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_written_as_fasta_is_read_back(records, width, newline):
    lines = []
    for name, sequence in records:
        lines += [f">{name} x", *(sequence[at : at + width] for at in range(0, len(sequence), width))]
    found = intake(Upload("a.fa", newline.join(lines).encode()))
    assert [(record.values["name"], record.values["sequence"]) for record in found] == records
    for record, (_, sequence) in zip(found, records, strict=True):
        for position in (1, len(sequence)):
            line, column = (int(word) for word in record.locate(position).replace(",", "").split()[1::2])
            assert lines[line - 1][column - 1] == sequence[position - 1]


@given(st.lists(st.tuples(names, sequences, topologies), min_size=1), st.sampled_from(",;\t"))
def test_what_is_written_as_a_table_is_read_back(records, delimiter):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([("name", "sequence", "topology"), *records])
    found = intake(Upload("a.csv", buffer.getvalue().encode()))
    assert [tuple(record.values.values()) for record in found] == records


def check_answer(name: str, content: bytes) -> None:
    """A good file beside any other is read, unless the whole request is refused."""
    try:
        records = intake(Upload(name, content), GOOD)
    except IntakeError as error:
        refused = error
    else:
        refused = None
    if refused:
        assert refused.code
        assert refused.message.startswith(name)
        return
    assert records[-1].values["name"] == "good"
    for record in records:
        assert (record.error is None) == bool(record.values)
        if record.error:
            assert record.error.message.startswith(name)
            assert "\n" not in record.error.message


@given(st.binary(), st.sampled_from(["a.fa", "a.gb", "a.csv", "a.dna", "a.zip", "a.gz", "a"]))
def test_any_bytes_have_an_answer(content, name):
    check_answer(name, content)


@given(
    st.text(st.sampled_from('>LOCUS \n\r\t,;"/ORIGINacgt[topology=]123')), st.sampled_from(["a.fa", "a.gb", "a.csv"])
)
def test_any_text_has_an_answer(text, name):
    check_answer(name, text.encode())


@settings(max_examples=500)
@given(st.data())
def test_any_damage_has_an_answer(data):
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        content = content or bytearray(b"x")
    check_answer("a", bytes(content))
