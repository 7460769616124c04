"""The files: what stands in them is what the results say, and other programs read them."""

import csv
import io
import json

import pytest
from Bio import SeqIO

from foundry.contract import Entry, ItemError, SequenceItem
from services.screen_synthesis import artifacts
from services.screen_synthesis.compute import compute
from services.screen_synthesis.profile import LengthRule, profiles
from services.screen_synthesis.schema import ScreenOptions

SITE = "GGTCTC"
HEADER = """\
LOCUS       pTest                     34 bp    DNA     linear   SYN 22-NOV-2026
DEFINITION  a plasmid.
FEATURES             Location/Qualifiers
     CDS             3..11
                     /label="a part"
BASE COUNT        9 a      8 c      9 g      8 t"""


@pytest.fixture(scope="module")
def entry():
    def make(sequence, position=1, options=None, **fields):
        item = SequenceItem(sequence=sequence, **{"topology": "linear", **fields})
        return Entry(position=position, item=item, result=compute([item], options or ScreenOptions())[0], error=None)

    return make


def table(entries):
    return list(
        csv.DictReader(io.StringIO("".join(artifacts.broken_rules(iter(entries), ScreenOptions())), newline=""))
    )


def parsed(entry):
    return SeqIO.read(io.StringIO("".join(artifacts.annotated_record([entry], ScreenOptions()))), "genbank")


def test_the_table_has_a_row_for_each_place_with_its_bases(entry):
    filler = "ACGATTAGCCATGCAATCGT"
    entries = [entry(filler, name="fine"), entry(f"{SITE}{filler}GAGACC", 2, name="two sites")]
    rows = table(entries)
    assert [(row["position"], row["name"], row["rule"], row["start"], row["end"]) for row in rows] == [
        ("2", "two sites", "BsaI site", "1", "6"),
        ("2", "two sites", "BsaI site", "27", "32"),
    ]
    assert [row["bases"] for row in rows] == [SITE, "GAGACC"]
    assert [row["strand"] for row in rows] == ["forward", "reverse"]
    assert rows[0]["profile"] == "cuba-manufacturability"
    assert rows[0]["hint"]


def test_the_bases_across_the_origin_are_shown_as_they_are_read(entry):
    row = table([entry("CTCACGATTAGCCATGCAATCGTGGT", topology="circular")])[0]
    assert (row["start"], row["end"], row["bases"]) == ("24", "3", SITE)


def test_long_stretches_are_shown_by_their_beginning(entry):
    row = next(row for row in table([entry("A" * 300)]) if row["rule"] == "8x1mer")
    assert row["bases"] == "A" * 100 + "..."


def test_no_name_is_a_formula(entry):
    assert table([entry(SITE, name="=HYPERLINK(1)")])[0]["name"] == "'=HYPERLINK(1)"


def test_an_item_that_failed_has_a_row_with_its_error(entry):
    error = ItemError(code="made_up", message="It did not work, said 'somebody'.")
    failed = Entry(
        position=7, item=SequenceItem(sequence="ACGT", topology="linear", name="bad"), result=None, error=error
    )
    rows = table([failed])
    assert [(row["position"], row["name"], row["rule"], row["message"]) for row in rows] == [
        ("7", "bad", "", error.message)
    ]


def test_the_record_has_a_feature_for_each_place(entry):
    sequence = "CTCACGATTAGCCATGCGAGACCAATCGTGGT"
    record = parsed(entry(sequence, name='my "plasmid" µ', topology="circular"))
    assert str(record.seq) == sequence
    assert record.annotations["topology"] == "circular"
    features = [feature for feature in record.features if feature.qualifiers["label"] == ["BsaI site"]]
    assert sorted(str(feature.extract(record.seq)) for feature in features) == [SITE, SITE]
    assert "BsaI site (GGTCTC) occurs in 2 places." in features[0].qualifiers["note"][0].replace("\n", " ")


def test_a_feature_of_one_base_is_at_that_base(entry):
    record = parsed(entry("ACGATTAGCNATGCAATCGT", topology="circular"))
    assert {str(feature.extract(record.seq)) for feature in record.features} == {"N"}


def test_the_record_keeps_what_annotations_it_came_with(entry):
    sequence = "CTCACGATTAGCCATGCGAGACCAATCGTGGTAC"
    record = parsed(entry(sequence, topology="circular", annotations=HEADER))
    assert record.name == "pTest"
    assert record.annotations["topology"] == "circular", "the item's topology holds, whatever the file said"
    assert [feature.qualifiers["label"][0] for feature in record.features][:2] == ["a part", "BsaI site"]


def test_an_item_without_a_result_has_a_record_without_features():
    item = SequenceItem(sequence="ACGT", topology="linear")
    error = ItemError(code="made_up", message="no")
    assert not parsed(Entry(position=1, item=item, result=None, error=error)).features


def test_the_profile_can_be_edited_and_sent():
    text = "".join(artifacts.applied_profile(iter(()), ScreenOptions(profile="oligo")))
    edited = json.loads(text)
    edited["rules"][0]["maximum"] = 150
    assert [ScreenOptions.model_validate({"rules": rules}) for rules in (edited, edited["rules"])] == [
        ScreenOptions(rules=(LengthRule(kind="length", minimum=15, maximum=150), *profiles()["oligo"].rules[1:]))
    ] * 2
