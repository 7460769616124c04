"""GenBank records: Biopython reads back what went in. Its warnings would fail these tests."""

import io
import pathlib
import string

import pytest
from Bio import SeqIO
from hypothesis import example, given
from hypothesis import strategies as st

from foundry.contract import SequenceItem
from foundry.contract.genbank import Feature, location, record
from foundry.contract.sequence import IUPAC_DNA

REAL = sorted((pathlib.Path(__file__).parents[1] / "services/compute_dna/data").glob("*.gb"))
HEADER = """\
LOCUS       pTest                     34 bp    DNA     linear   SYN 22-NOV-2026
DEFINITION  a plasmid.
ACCESSION   pTest
COMMENT     first line
              indented line
FEATURES             Location/Qualifiers
     CDS             3..11
                     /label="a part"
     misc_feature    complement(20..25)
                     /label="site"
"""
SITE = Feature("misc_feature", "complement(20..25)", {"label": "site"})


def item(sequence="ACGTTGCAAC" * 4, topology="circular", **fields):
    return SequenceItem(sequence=sequence, topology=topology, **fields)


def read(text):
    return SeqIO.read(io.StringIO(text), "genbank")


def written(one, *features, position=1):
    return read(record(one, features, position))


def places(feature):
    """1-based start and end of each part on the forward strand, in the order of the sequence that was written."""
    parts = feature.location.parts if feature.location.strand > 0 else feature.location.parts[::-1]
    return [(int(part.start) + 1, int(part.end)) for part in parts]


words = st.text(string.ascii_letters + string.digits + string.punctuation.replace('"', ""), min_size=1, max_size=50)
texts = st.lists(words, min_size=1, max_size=30).map(" ".join)


@st.composite
def spots(draw, size=400):
    start, end = draw(st.integers(1, size)), draw(st.integers(1, size))
    return start, end, draw(st.sampled_from([1, -1]))


# Any item


@given(st.text(IUPAC_DNA, min_size=1, max_size=300), st.sampled_from(["linear", "circular"]))
def test_sequence_and_topology_read_back(sequence, topology):
    found = written(item(sequence, topology))
    assert (str(found.seq), found.annotations["topology"]) == (sequence, topology)


@given(spots(), texts, texts)
def test_features_read_back(spot, label, note):
    start, end, strand = spot
    one = item("ACGT" * 100)
    place = location(start, end, 400, strand)
    (found,) = written(one, Feature("CDS", place, {"codon_start": 1, "label": label, "note": note})).features
    assert places(found) == ([(start, end)] if start <= end else [(start, 400), (1, end)])
    assert (found.type, found.location.strand) == ("CDS", strand)
    assert {key: value[0].replace("\n", " ") for key, value in found.qualifiers.items()} == {
        "codon_start": "1",
        "label": label,
        "note": note,
    }


@pytest.mark.parametrize(
    ("spot", "place"),
    [
        ((3, 9, 1), "3..9"),
        ((3, 3, 1), "3"),
        ((3, 9, -1), "complement(3..9)"),
        ((8, 2, 1), "join(8..10,1..2)"),
        ((10, 1, -1), "complement(join(10,1))"),
    ],
)
def test_places_are_written_as_genbank_has_them(spot, place):
    start, end, strand = spot
    assert location(start, end, 10, strand) == place


def test_a_feature_across_the_origin_is_that_stretch():
    one = item("AACCGGTTTT")
    (forward, reverse) = written(one, *(Feature("CDS", location(9, 3, 10, strand), {}) for strand in (1, -1))).features
    assert [str(feature.extract(one.sequence)) for feature in (forward, reverse)] == ["TTAAC", "GTTAA"]


def test_a_long_word_is_broken_and_a_protein_reads_back():
    protein = "MKVLA" * 60
    (found,) = written(item(), Feature("CDS", "1..9", {"translation": protein})).features
    assert found.qualifiers["translation"] == [protein]
    assert max(map(len, record(item(), [Feature("CDS", "1..9", {"note": "x" * 300})], 1).splitlines())) <= 80


@given(st.text())
def test_any_text_in_a_qualifier_leaves_a_record_that_reads(text):
    (found,) = written(item(), Feature("misc_feature", "1..9", {"note": text})).features
    assert found.qualifiers["note"][0].isascii()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200))
@example("my design, version 2 (final)")
@example("µ")
@example("...")
@example('"quoted"')
@example("a" * 200)
def test_any_name_gives_a_record_that_reads(name):
    found = written(item(name=name), position=7)
    assert 1 <= len(found.name) <= 16
    assert found.name == found.id
    assert str(found.seq) == item().sequence


def test_a_name_is_the_description_and_what_fits_of_it_the_locus():
    found = written(item(name="my design, version 2 (final)"))
    assert (found.name, found.description) == ("my_design_versio", "my design, version 2 (final)")


def test_an_item_without_a_name_is_called_after_its_position():
    assert written(item(), position=3).name == "item_3"


@pytest.mark.parametrize("length", [1, 59, 60, 61, 99_999, 100_000, 1_000_000])
def test_sequences_of_all_lengths_read_back(length):
    sequence = ("ACGTTGCAAC" * (length // 10 + 1))[:length]
    assert str(written(item(sequence)).seq) == sequence


# Items that came with annotations


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_records_keep_what_they_came_with(path):
    text = path.read_text()
    annotations, _, origin = text.partition("ORIGIN")
    one = item("".join(filter(str.isalpha, origin)), annotations=annotations)
    found = record(one, [Feature("misc_feature", "1..9", {"label": "added"})], 1)
    kept = [line for line in annotations.splitlines() if ".." not in line]
    assert set(kept) <= set(found.splitlines())
    assert found.splitlines()[0] == text.splitlines()[0]
    assert str(read(found).seq) == one.sequence
    assert read(found).features[-1].qualifiers["label"] == ["added"]


def test_header_and_features_are_kept_as_they_are_written():
    assert record(item("ACGTT" * 6 + "ACGT", "linear", annotations=HEADER), [], 1).startswith(HEADER)


def test_the_locus_line_gets_the_items_length_and_topology():
    found = record(item(annotations=HEADER), [], 1).splitlines()[0]
    assert found == "LOCUS       pTest                     40 bp    DNA     circular SYN 22-NOV-2026"


@pytest.mark.parametrize(
    "locus",
    [
        "LOCUS       pBAD30       4923 bp    DNA   circular            ",
        "LOCUS       a_name_of_more_than_sixteen_letters_and_more 12 bp DNA linear SYN 01-JAN-2020",
        "LOCUS       x 1 bp",
        "LOCUS       x     1 bp ss-DNA             PHG       30-MAR-1990",
    ],
)
def test_locus_lines_out_of_their_columns_are_set_right(locus):
    found = written(item(annotations=f"{locus}\nDEFINITION  kept.\n"))
    assert (found.name, found.description) == (locus.split()[1], "kept")
    assert found.annotations["topology"] == "circular"


def test_a_feature_that_the_record_has_is_not_added_again():
    found = written(item(annotations=HEADER), SITE, Feature("CDS", "3..11", {"note": "found again"}))
    assert [feature.qualifiers for feature in found.features] == [{"label": ["a part"]}, {"label": ["site"]}]


def test_a_misc_feature_with_another_label_is_another_feature():
    found = written(item(annotations=HEADER), Feature("misc_feature", "complement(20..25)", {"label": "BsaI site"}))
    assert [feature.qualifiers["label"] for feature in found.features] == [["a part"], ["site"], ["BsaI site"]]


@pytest.mark.parametrize(
    ("came_as", "parts"),
    [
        ("38..2", [(38, 40), (1, 2)]),
        ("complement(<38..2)", [(38, 40), (1, 2)]),
        ("join(30..32,38..2)", [(30, 32), (38, 40), (1, 2)]),
    ],
)
def test_a_range_across_the_origin_is_written_as_genbank_has_it(came_as, parts):
    (found, *_) = written(item(annotations=HEADER.replace("3..11", came_as))).features
    assert places(found) == parts


@pytest.mark.parametrize(
    "place", ["35..41", "join(1..3,900..903)", "nowhere", "5..1", "join(1..3", f"1..{'9' * 5000}", ""]
)
def test_a_feature_that_does_not_lie_on_the_sequence_is_left_out(place):
    found = written(item(topology="linear", annotations=HEADER.replace("3..11", place)))
    assert [feature.qualifiers["label"] for feature in found.features] == [["site"]]


def test_a_feature_whose_quotes_do_not_close_is_left_out():
    found = written(item(annotations=HEADER.replace('a part"', "a part")), SITE)
    assert [feature.qualifiers["label"] for feature in found.features] == [["site"]]


def test_lines_after_the_features_stay_there():
    text = record(item(annotations=f"{HEADER}BASE COUNT       10 a\n"), [Feature("CDS", "1..3", {})], 1)
    assert "     CDS             1..3\nBASE COUNT       10 a\nORIGIN\n" in text


def test_a_record_without_a_feature_table_is_given_one():
    assert written(item(annotations=HEADER.partition("FEATURES")[0]), SITE).features[0].type == "misc_feature"


@pytest.mark.parametrize("end", ["ORIGIN\n", "//\n", "LOCUS       another\n", "\r//\r"])
def test_what_stands_after_the_end_of_annotations_is_not_part_of_them(end):
    found = record(item(annotations=f"{HEADER}{end}        1 aaaa\n//\nLOCUS       another\n"), [], 1)
    assert "another" not in found
    assert len(list(SeqIO.parse(io.StringIO(found), "genbank"))) == 1


@pytest.mark.parametrize("annotations", ["", "rubbish", "LOCUS", "\n//\n", "LOCUS       x\nDEFINITION  y.\n"])
def test_annotations_of_no_record_give_way_to_a_header(annotations):
    assert written(item(name="mine", annotations=annotations), SITE).name == "mine"


@given(st.text(' /="().,<>^:19aF\n\r'))
@example('     /label="x"\n')
@example("     CDS\n")
def test_any_table_leaves_the_sequence_where_it_belongs(table):
    text = record(item(annotations=HEADER + table), [SITE], 1)
    assert text.startswith("LOCUS       pTest")
    assert text.endswith(record(item(), [], 1).partition("ORIGIN\n")[2])
