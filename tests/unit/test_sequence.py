"""What every sequence service takes and refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from foundry.contract import SequenceItem
from foundry.contract.sequence import IUPAC_DNA


def refusal(**values):
    with pytest.raises(ValidationError) as caught:
        SequenceItem(**{"topology": "linear"} | values)
    return caught.value.errors()[0]


@given(st.text(IUPAC_DNA + IUPAC_DNA.lower(), min_size=1))
def test_every_iupac_code_is_taken_in_either_case(letters):
    assert SequenceItem(sequence=letters, topology="circular").sequence == letters.upper()


@given(st.text("ACGT", min_size=1), st.sampled_from("EFIJLOPQXZ*-.0?é"), st.text("ACGT"))
def test_the_position_of_a_bad_character_is_named(before, bad, after):
    error = refusal(sequence=before + bad + after)
    assert f"{bad.upper()!r} at position {len(before) + 1}" in error["msg"]
    assert error["ctx"]["positions"] == [len(before) + 1]


@pytest.mark.parametrize(
    ("sequence", "advice"),
    [("ACGU", "U is RNA"), ("AC--GT", "Gaps belong to alignments"), ("MKVLIF", "look like a protein")],
)
def test_what_the_bad_characters_may_mean_is_said(sequence, advice):
    assert advice in refusal(sequence=sequence)["msg"]


def test_only_the_first_bad_characters_are_listed():
    error = refusal(sequence="X" * 30)
    assert "30 of 30 characters" in error["msg"]
    assert "and 25 more" in error["msg"]
    assert len(error["ctx"]["positions"]) == 5


def test_white_space_does_not_count():
    assert SequenceItem(sequence=" ac\n gt\t", topology="linear").sequence == "ACGT"


@pytest.mark.parametrize("sequence", ["", " \n"])
def test_an_empty_sequence_is_refused(sequence):
    assert "the sequence is empty" in refusal(sequence=sequence)["msg"]


def test_a_sequence_over_the_limit_is_refused_with_the_limit():
    assert "1000001 bases, over this service's limit of 1000000" in refusal(sequence="A" * 1_000_001)["msg"]


@pytest.mark.parametrize("topology", [None, "", "ring", "Circular"])
def test_topology_must_be_stated(topology):
    assert refusal(sequence="A", topology=topology)["loc"] == ("topology",)


@pytest.mark.parametrize("name", ["a\x00b", "tab\there", "line\nbreak", "x" * 201])
def test_names_are_one_short_line(name):
    assert refusal(sequence="A", name=name)["loc"] == ("name",)
