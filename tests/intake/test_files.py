from __future__ import annotations

import io
import subprocess
import sys
import warnings
import zipfile

import pytest

from foundry.contract import SequenceItem
from foundry.intake import IntakeError, IntakeTooLargeError

GENBANK = "LOCUS       pX 4 bp DNA circular SYN 01-JAN-2020\nORIGIN\n        1 acgt\n//\n"


def office(folder: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/main.xml", "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.txt", "a.gb", "a.csv", "a", "a.fa"])
@pytest.mark.parametrize("text", [">pX\nACGT\n", GENBANK, "name,sequence\npX,ACGT\n", "sequence\tname\nACGT\tpX\n"])
def test_content_decides_the_format(intake, name, text):
    [record] = intake((name, text))
    assert record.values["sequence"] == "ACGT"
    assert record.values["name"] == "pX"


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (b"%PDF-1.7\n\x00", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00", "PNG"),
        (b"ABIF\x00\x65", "Sanger trace"),
        (office("word"), "Word document"),
        (office("xl"), "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Microsoft Office"),
        ("name,sequence\npX,ACGT\n".encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02\x03", "binary"),
        (b"@read1\nACGT\n+\nIIII\n", "FASTQ"),
        (b"ID   X56734; SV 1; linear; mRNA\n", "EMBL"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'{"items": []}', "JSON"),
        (b"ACGTACGT\nACGT\n", "'>name'"),
        (b"Hello there\n", "no known format"),
        (b" \n", "empty"),
        (b"", "empty"),
    ],
)
def test_other_formats_are_named(intake, content, looks_like):
    with pytest.raises(IntakeError) as alone:
        intake(("file", content))
    assert looks_like in alone.value.message
    [error, good] = intake(("file", content), ("a.fa", ">a\nACGT\n"))
    assert error.error.message == alone.value.message
    assert good.values["name"] == "a"


def test_no_files(intake):
    with pytest.raises(IntakeError, match="no file in the request; accepted are FASTA"):
        intake()


def test_many_unreadable_files_make_a_short_message(intake):
    with pytest.raises(IntakeError, match=r"; and 7 more$"):
        intake(*[(f"{n}.pdf", b"%PDF") for n in range(10)])


def test_items_are_bounded_over_all_files(intake):
    files = [("a.fa", ">a\nACGT\n>b\nACGT\n"), ("b.fa", ">c\nACGT\n>d\nACGT\n")]
    assert len(intake(*files, max_items=4)) == 4
    with pytest.raises(IntakeTooLargeError, match=r"b\.fa, record d, line 3: .* limit of 3 items") as caught:
        intake(*files, max_items=3)
    assert caught.value.limit == 3


def test_names_of_files_are_made_fit_to_print(intake):
    [record] = intake(("a\x00\nb\u202e.fa" + "x" * 300, ">a\nACGT\n"))
    assert record.source.file.startswith("a??b?.faxxx")
    assert len(record.source.file) == 201


@pytest.mark.parametrize(
    ("name", "items", "topologies"),
    [
        ("pUC19.gb", 1, {"circular"}),
        ("pBAD30.gb", 1, {"circular"}),
        ("phiX174.gb", 1, {"circular"}),
        ("lambda.fasta.gz", 1, {"linear"}),
        ("orchids.gb", 94, {"linear"}),
        ("orchids.fasta", 94, {None}),
        ("designs.fasta", 300, {"linear"}),
        ("oligos.csv", 20, {"linear"}),
    ],
)
def test_the_examples_are_items(intake, example, name, items, topologies):
    records = intake(example(name))
    assert len(records) == items
    assert {record.values.get("topology") for record in records} == topologies
    for record in records:
        assert record.warnings == ()
        SequenceItem.model_validate({"topology": "linear", **record.values})


def test_the_faulty_example_has_the_faults_it_says(intake, example):
    good = []
    for record in intake(example("with-faults.fasta")):
        try:
            good.append(SequenceItem.model_validate(record.values).name)
        except ValueError:
            continue
    assert good == ["good-1", "good-2", "good-3"]


def test_neither_django_nor_biopython_is_imported_before_it_is_needed():
    program = "import sys, foundry.intake; sys.exit(bool({'Bio', 'django', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_biopythons_warnings_are_given_and_not_emitted(intake):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [record] = intake(("a.gb", GENBANK))
    assert record.warnings[0].startswith("Attempting to parse malformed locus line")
