from __future__ import annotations

import pytest

from foundry.intake import IntakeError


def test_a_record_is_the_first_word_and_the_letters(intake):
    [record] = intake(("a.fa", ">pX a plasmid\nAC GT\nacgt\n\n"))
    assert record.values == {"name": "pX", "sequence": "ACGTacgt"}
    assert str(record.source) == "a.fa, record pX, line 1"


@pytest.mark.parametrize(
    ("header", "topology"),
    [
        ("pX [topology=circular]", "circular"),
        ("pX [organism=E. coli] [Topology = Linear] note", "linear"),
        ("pX [topology=ring]", "ring"),
        ("pX circular", None),
        ("circular", None),
        ("pX topology=circular", None),
    ],
)
def test_topology_is_what_ncbis_modifier_states_and_nothing_else(intake, header, topology):
    [record] = intake(("a.fa", f">{header}\nACGT\n"))
    assert record.values.get("topology") == topology


@pytest.mark.parametrize(
    ("header", "said", "meant"),
    [
        ("pX topology=circular", "topology=circular", "circular"),
        ("topology=circular", "topology=circular", "circular"),
        ("pX Topology: Linear, 2686 bp", "Topology: Linear", "linear"),
        ("pX|circular", "circular", "circular"),
        ("pX [circular]", "circular", "circular"),
        ("pX circular=true", "circular", "circular"),
    ],
)
def test_what_reads_like_a_topology_and_is_not_read_is_said(intake, header, said, meant):
    [record] = intake(("a.fa", f">{header}\nACGT\n"))
    assert record.warnings == (f"the topology is not read from '{said}' in the header; write it as [topology={meant}]",)
    assert "topology" not in record.values


@pytest.mark.parametrize(
    "header",
    ["circular", " linear", "pX non-linear", "pX circularised", "pX [topology=linear] circular", "circular_1 x"],
)
def test_nothing_is_said_where_no_topology_is_meant_or_one_is_stated(intake, header):
    [record] = intake(("a.fa", f">{header}\nACGT\n"))
    assert record.warnings == ()


def test_two_topologies_are_a_conflict(intake):
    [bad, _] = intake(("a.fa", ">x [topology=linear] [topology=circular]\nACGT\n>y\nA\n"))
    assert bad.error.code == "topology_conflict"
    assert bad.error.field == "topology"


def test_good_records_survive_bad_ones(intake):
    records = intake(("a.fa", "what is this\n>one\nACGT\n>empty\n\n>\nGGG\n>one\nTT"))
    assert [record.error and record.error.code for record in records] == [
        "fasta_text_before_header",
        None,
        "sequence_empty",
        None,
        None,
    ]
    assert records[2].error.message == (
        "a.fa, record empty, line 4: there is no sequence under this header; add one or take the header out"
    )
    assert [record.values.get("name") for record in records] == [None, "one", None, "", "one"]
    assert records[3].source.record == "3"
    assert records[3].warnings == ("the header has no name",)


def test_comments_may_stand_before_the_first_header(intake):
    [record] = intake(("a.fa", "; by Pearson\n\n# by us\n>x\nACGT\n"))
    assert record.source.line == 4


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_positions_are_found_again_whatever_ends_a_line(intake, newline):
    [_, record] = intake(("a.fa", newline.join([">a", "ACGT", "", ">b", "AC GT", "", "ac\tgu", ""])))
    assert record.source.line == 4
    assert record.locate(1) == "line 5, column 1"
    assert record.locate(3) == "line 5, column 4"
    assert record.locate(8) == "line 7, column 5"
    assert record.locate(9) is None
    assert record.locate(0) is None


def test_letters_are_left_to_the_service(intake):
    [record] = intake(("a.faa", ">p\nMKV*\n"))
    assert record.values["sequence"] == "MKV*"


@pytest.mark.parametrize("name", ["a.fa", "a.fasta.gz", "A.FNA"])
def test_a_bare_sequence_needs_a_header(intake, name):
    import gzip

    content = b"ACGT\nACGT\n"
    with pytest.raises(IntakeError, match="'>name'") as caught:
        intake((name, gzip.compress(content) if name.endswith(".gz") else content))
    assert caught.value.code == "fasta_header_missing"
