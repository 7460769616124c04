"""Hostile files: memory stays within a few times the text that is needed, and the rest of a file is not read."""

from __future__ import annotations

import csv
import gzip
import io
import struct
import sys
import threading
import tracemalloc
import warnings
import zipfile

import pytest

from foundry.intake import IntakeError, IntakeTooLargeError, Upload, genbank_parts, read, text

MB = 1_000_000
LOCUS = b"LOCUS       pX 4 bp DNA circular SYN 01-JAN-2020\n"
TABLE = LOCUS + b"FEATURES             Location/Qualifiers\n"
END = b"ORIGIN\n        1 acgt\n//\n"


def fill(unit: bytes, size: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    return head + unit * (size // len(unit)) + tail


def make_zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
    return buffer.getvalue()


def make_hidden(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(count):
            archive.writestr(f".{number}", b"")
    return buffer.getvalue()


def snapgene(sequence: bytes, xml: bytes) -> bytes:
    cookie = struct.pack(">8sHHH", b"SnapGene", 1, 15, 19)
    packets = [(9, cookie), (0, b"\1" + sequence), (10, xml)]
    return b"".join(struct.pack(">BI", kind, len(content)) + content for kind, content in packets)


def peak(content: bytes, max_items: int = 1000) -> int:
    """The most bytes that reading took beside the upload, whatever its answer."""
    for warm in (b">a\nA\n", b"sequence\nA\n", LOCUS + END, snapgene(b"A", b"<Features/>")):
        read([Upload("a", warm)], max_items=1, max_bytes=MB)
    tracemalloc.start()
    try:
        read([Upload("a", content)], max_items=max_items, max_bytes=100 * MB)
    except IntakeError:
        pass
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most


TINY = {
    "fasta": fill(b">\n", 8 * MB),
    "fasta records": fill(b">\nA\n", 8 * MB),
    "table": fill(b"a\n", 8 * MB, b"name,sequence\n"),
    "table records": fill(b"a\n", 8 * MB, b"sequence\n"),
    "genbank": fill(b"LOCUS\n", 8 * MB),
    "genbank records": fill(LOCUS + END, 8 * MB),
    "genbank junk": fill(b"a\n//\n", 8 * MB, LOCUS),
}


@pytest.mark.parametrize("pack", [bytes, make_zip, gzip.compress])
@pytest.mark.parametrize("name", TINY)
def test_no_more_is_read_than_the_first_item_over_the_limit(name, pack):
    content = pack(TINY[name])
    with pytest.raises(IntakeTooLargeError, match="limit of 100 items"):
        read([Upload("a", content)], max_items=100, max_bytes=100 * MB)
    assert peak(content, max_items=100) < 4 * MB


def test_what_is_after_the_first_item_over_the_limit_is_not_unpacked(intake):
    content = gzip.compress(fill(b">a\nACGT\n", 8 * MB))[:-1] + b"!"
    with pytest.raises(IntakeTooLargeError):
        intake(("a.gz", content), max_items=10)


#: Each of 4 MB.
GIANTS = {
    "fasta, one line": fill(b"A", 4 * MB, b">a\n"),
    "fasta, a letter a line": fill(b"A\n", 4 * MB, b">a\n"),
    "fasta, empty lines": fill(b"\n", 4 * MB, b">a\n", b"A\n"),
    "fasta, old Mac's lines": fill(b"\r", 4 * MB, b">a\n", b"A\n"),
    "fasta, a wide letter": fill(b"A", 4 * MB, b">a\n", "\U0001f600".encode()),
    "fasta, header": fill(b"[topology=a]", 4 * MB, b">a ", b"\nA\n"),
    "fasta, preamble": fill(b"\n", 4 * MB, b"x\n", b">a\nA\n"),
    "table, one cell": fill(b"A", 4 * MB, b"sequence\n"),
    "table, an open quote and no newline": fill(b"A", 4 * MB, b'sequence\n"'),
    "table, empty lines": fill(b"\n", 4 * MB, b"sequence\n", b"A\n"),
    "table, blank rows": fill(b",\n", 4 * MB, b"name,sequence\n", b"a,A\n"),
    "table, columns of the header": fill(b"ab,", 4 * MB, b"sequence,", b"\nA\n"),
    "table, columns of a row": fill(b"ab,", 4 * MB, b"sequence,name\n", b"\nA,a\n"),
    "table, quotes": fill(b'"', 4 * MB, b"sequence\n", b"\nA\n"),
    "table, an open quote": fill(b"a\n", 4 * MB, b'sequence\n"'),
    "genbank, one sequence": fill(b"        1 acgtacgtac\n", 4 * MB, LOCUS + b"ORIGIN\n"),
    "genbank, a letter a line": fill(b"        1 a\n", 4 * MB, LOCUS + b"ORIGIN\n"),
    "genbank, empty lines": fill(b"\n", 4 * MB, LOCUS + b"ORIGIN\n"),
    "genbank, qualifiers": fill(b"                     /a\n", 4 * MB, TABLE + b"     a               1\n", END),
    "genbank, join": fill(b"1..2,", 4 * MB, TABLE + b"     a               join(", b"1..2)\n" + END),
    "genbank, header": fill(b"COMMENT\n", 4 * MB, LOCUS, END),
    "snapgene, sequence": snapgene(b"A" * 4 * MB, b"<Features/>"),
    "snapgene, elements": snapgene(b"A", fill(b"<a/>", 4 * MB, b"<F>", b"</F>")),
    "snapgene, a name": snapgene(b"A", fill(b"a", 4 * MB, b'<F><Feature name="', b'"/></F>')),
}
#: How many times its length a record may take. 4 bytes for a letter take Python for a sequence with a wide one, and
#: `csv` for a cell, which is at most 16 MiB.
TIMES = dict.fromkeys(GIANTS, 6) | dict.fromkeys(
    ["fasta, a wide letter", "table, one cell", "table, an open quote and no newline"], 9
)


@pytest.mark.parametrize("pack", [bytes, make_zip])
@pytest.mark.parametrize("name", GIANTS)
def test_a_giant_record_takes_a_few_times_its_length(name, pack):
    assert peak(pack(GIANTS[name])) < TIMES[name] * 4 * MB


def test_a_long_feature_table_takes_a_few_times_its_length(monkeypatch):
    monkeypatch.setattr(genbank_parts, "LENGTH", 10_000)
    assert peak(fill(b"     a               1\n", MB // 2, TABLE, END)) < 3 * MB


def test_hidden_files_of_a_zip_are_bounded_too(intake):
    with pytest.raises(IntakeTooLargeError, match="1,100 files"):
        intake(("a.zip", make_hidden(1100)), max_items=10)


def test_rows_of_another_width_than_a_header_of_long_names_have_short_messages(intake):
    header = ",".join(["sequence", *(f"{number}{'x' * 1000}" for number in range(60))])
    [record] = intake(("a.csv", f"{header}\na\n"))
    assert len(record.error.message) < 500


def test_columns_are_bounded(intake):
    header = ",".join(["sequence", *map(str, range(64))])
    with pytest.raises(IntakeError, match="65 columns, over the limit of 64"):
        intake(("a.csv", f"{header}\na\n"))


def test_a_quote_that_does_not_close_does_not_take_the_rest_of_a_long_table(intake):
    rows = [f"{number},ACGT" for number in range(200_010)]
    records = intake(("a.csv", "\n".join(["name,sequence", '"a,ACGT', *rows])), max_items=300_000)
    assert "200,000 lines" in records[0].error.message
    assert [record.values["name"] for record in records[1:]] == [str(number) for number in range(200_010)]


@pytest.mark.parametrize("block", [100, 333])
@pytest.mark.parametrize("name", ["orchids.gb", "phiX174.gb", "orchids.fasta", "oligos.csv"])
def test_it_does_not_matter_where_a_block_of_a_file_ends(intake, example, monkeypatch, name, block):
    file, content = example(name)
    for newline in (b"\n", b"\r\n"):
        expected = intake((file, content.replace(b"\n", newline)))
        with monkeypatch.context() as patch:
            patch.setattr(text, "BLOCK", block)
            found = intake((file, content.replace(b"\n", newline)))
        assert found == expected
        assert [record.locate(7) for record in found] == [record.locate(7) for record in expected]


@pytest.mark.parametrize(("name", "length"), [("pBAD30.gb", 900), ("pUC19.gb", 5000), ("phiX174.gb", 9500)])
def test_a_record_that_is_parsed_in_parts_is_the_same(intake, example, monkeypatch, name, length):
    expected = intake(example(name))
    monkeypatch.setattr(genbank_parts, "LENGTH", length)
    parts = list(genbank_parts.split(example(name)[1]))
    assert len(parts) > 2
    assert max(map(len, parts)) < length + 200
    assert intake(example(name)) == expected


def test_a_fault_in_a_part_of_a_record_is_found(intake, example, monkeypatch):
    file, content = example("phiX174.gb")
    monkeypatch.setattr(genbank_parts, "LENGTH", 9500)
    at = content.rindex(b'/translation="')
    [record] = intake((file, content[:at] + b"/translation\n" + content[at:].partition(b'"')[2]), max_items=1)
    assert record.error.code == "genbank_record"


def test_a_file_that_is_damaged_at_its_end_gives_its_error_alone(intake):
    damaged = gzip.compress(fill(b">a\nACGT\n", MB))[:-1] + b"!"
    records = intake(("a.fa.gz", damaged), ("b.fa", ">b\nACGT\n"), max_items=300_000)
    assert [record.error and record.error.code for record in records] == ["gzip_corrupt", None]


def test_a_gzip_file_may_have_members_and_padding(intake):
    content = gzip.compress(b">") + gzip.compress(b"") + bytes(100_000) + gzip.compress(b"a\nAC") + bytes(9)
    [record] = intake(("a", content))
    assert record.values == {"name": "a", "sequence": "AC"}


def test_a_position_in_a_long_line_is_found_with_little_memory(intake):
    [record] = intake(("a.fa", fill(b"A", 4 * MB, b">a\nC\n")))
    tracemalloc.start()
    assert record.locate(3_000_001) == "line 3, column 3000000"
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * MB


def test_threads_do_not_take_each_others_warnings():
    before = (list(warnings.filters), warnings.showwarning, sys.getswitchinterval())
    found: list[tuple[str, ...]] = []

    def run() -> None:
        for _ in range(30):
            [record] = read([Upload("a.gb", LOCUS + END)], max_items=1, max_bytes=1000)
            found.append(record.warnings)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before[2])
    assert (list(warnings.filters), warnings.showwarning) == before[:2]
    assert len(found) == 180
    assert len(set(found)) == 1


def test_the_limit_of_csv_is_bounded():
    assert csv.field_size_limit() < 20 * MB
