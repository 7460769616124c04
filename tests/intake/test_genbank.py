from __future__ import annotations

import pytest

from foundry.intake import IntakeError

GOOD = """\
LOCUS       pX                        12 bp    DNA     circular SYN 01-JAN-2020
DEFINITION  A plasmid of 12 bp.
FEATURES             Location/Qualifiers
     CDS             1..9
                     /label="x"
ORIGIN
        1 acgtacgtac gt
//
"""


def test_a_record_has_name_sequence_topology_and_annotations(intake):
    [record] = intake(("a.gb", GOOD))
    assert record.values["name"] == "pX"
    assert record.values["sequence"] == "ACGTACGTACGT"
    assert record.values["topology"] == "circular"
    assert record.values["annotations"] == GOOD.partition("ORIGIN")[0]
    assert record.warnings == ()
    assert record.locate(11) == "line 7, column 22"


@pytest.mark.parametrize(
    ("locus", "topology"),
    [
        ("LOCUS       pX                        12 bp    DNA              SYN 01-JAN-2020", None),
        ("LOCUS       pX        12 bp    DNA             UNK       01-JAN-1980", None),
        ("LOCUS       circular                  12 bp    DNA              SYN 01-JAN-2020", None),
        ("LOCUS       pX                        12 bp ds-DNA     CIRCULAR SYN 01-JAN-2020", "circular"),
        ("LOCUS       pX 12 bp DNA linear SYN 01-JAN-2020", "linear"),
        ("LOCUS       pX\t12 bp\tDNA\tcircular", "circular"),
    ],
)
def test_topology_is_what_the_locus_line_states(intake, locus, topology):
    [record] = intake(("a.gb", GOOD.replace(GOOD.partition("\n")[0], locus)))
    assert record.error is None
    assert record.values.get("topology") == topology


def test_a_linear_record_with_a_feature_across_the_origin_is_warned_of(intake):
    [record] = intake(("a.gb", GOOD.replace("circular", "linear  ").replace("1..9", "9..2")))
    assert record.values["topology"] == "linear"
    assert "is it circular?" in record.warnings[0]


def test_the_name_of_a_snapgene_export_is_the_files(intake):
    [record] = intake(("my plasmid.gb", GOOD.replace("pX      ", "Exported")))
    assert record.values["name"] == "my plasmid"


FAULTS = [
    ("circular SYN", "circular SYN", None, None),
    ("12 bp", "13 bp", "genbank_length", "states 13 bp and the sequence under ORIGIN has 12"),
    ("12 bp", "12 aa", "genbank_protein", "nucleotide record"),
    ("LOCUS       pX ", "LOCUS", "genbank_locus", "cannot read the LOCUS line"),
    ("pX    ", "my pX ", "genbank_locus", "the name 'my pX' in the LOCUS line holds a blank"),
    ("        1 acgtacgtac gt\n", "", "sequence_missing", "no sequence under ORIGIN"),
    ("ORIGIN\n        1 acgtacgtac gt\n", "CONTIG      join(A:1..12)\n", "sequence_missing", "GenBank (full)"),
    ('/label="x"', '/label="x', "genbank_record", "Problem with 'CDS' feature"),
    ("LOCUS ", "LOCSU ", "genbank_locus_missing", "belongs to no record"),
    ("ORIGIN\n        1 acgtacgtac gt\n//\n", "", "genbank_record", "Premature end"),
]


@pytest.mark.parametrize(("old", "new", "code", "says"), FAULTS)
def test_a_broken_record_says_so_and_the_others_go_on(intake, old, new, code, says):
    records = intake(("a.gb", GOOD + GOOD.replace(old, new) + GOOD))
    assert [record.values.get("name") for record in (records[0], records[-1])] == ["pX", "pX"]
    assert len(records) == 3
    error = records[1].error
    assert (error and error.code) == code
    if error:
        assert error.message.startswith("a.gb, ")
        assert "line 9: " in error.message
        assert says in error.message
        assert "\n" not in error.message


def test_a_record_without_its_end_is_read_with_a_warning(intake):
    [first, second] = intake(("a.gb", GOOD.replace("//\n", "") + GOOD))
    assert first.values["sequence"] == second.values["sequence"]
    assert first.warnings == ("Premature end of file in sequence data",)
    assert second.source.line == 8


def test_text_after_the_last_record_is_an_error(intake):
    [_, junk] = intake(("a.gb", GOOD + "\nthat was all\n"))
    assert junk.error.message.startswith("a.gb, line 10: this text belongs to no record")


def test_the_header_of_an_ncbi_release_is_passed_over(intake):
    [record] = intake(("gbvrl1.seq", "GBVRL1.SEQ          Genetic Sequence Data Bank\n\n" + GOOD))
    assert record.source.line == 3


def test_a_comment_that_is_not_utf8_is_read(intake):
    [record] = intake(("a.gb", GOOD.replace("A plasmid", "Un plasmidé").encode("latin-1")))
    assert "Un plasmidé" in record.values["annotations"]


def test_a_genbank_file_without_locus_line(intake):
    with pytest.raises(IntakeError, match=r"a\.gb: there is no LOCUS line"):
        intake(("a.gb", GOOD.partition("\n")[2]))
