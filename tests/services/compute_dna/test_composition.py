"""Composition and molecular weight against Bio.SeqUtils."""

import pytest
from Bio.Data import IUPACData
from Bio.Seq import Seq
from Bio.SeqUtils import GC_skew, gc_fraction, molecular_weight

from tests.services.compute_dna.molecules import IUPAC, profile, random_sequence

TOPOLOGIES = ("linear", "circular")


@pytest.mark.parametrize("letters", ["ACGT", IUPAC], ids=["bases", "IUPAC"])
@pytest.mark.parametrize("length", [1, 2, 17, 1000])
def test_gc_content_and_skew(length, letters):
    sequence = random_sequence(length, length, letters=letters)
    result = profile(sequence)
    assert (result["gc_content"] or 0) == pytest.approx(gc_fraction(sequence), abs=1e-6)
    assert (result["gc_skew"] or 0) == pytest.approx(GC_skew(sequence, length)[0], abs=1e-6)
    assert result["ambiguous"] == sum(letter not in "ACGT" for letter in sequence)


def test_unknown_bases_have_no_gc_content():
    result = profile("NNNNRYN")
    assert (result["gc_content"], result["gc_skew"], result["ambiguous"]) == (None, None, 7)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("length", [1, 20, 1500])
def test_molecular_weight(length, topology):
    sequence = random_sequence(length, length)
    weight = profile(sequence, topology)["molecular_weight"]
    circular = topology == "circular"
    assert weight["single_stranded"] == pytest.approx(molecular_weight(sequence, circular=circular), abs=0.01)
    double = molecular_weight(sequence, double_stranded=True, circular=circular)
    assert weight["double_stranded"] == pytest.approx(double, abs=0.01)


def test_an_ambiguity_code_weighs_the_mean_of_its_bases():
    water, average = 18.0153, IUPACData.avg_ambiguous_dna_weights
    sequence = random_sequence(3, 60, letters=IUPAC)
    other = str(Seq(sequence).reverse_complement())
    single, double = (sum(average[letter] for letter in text) for text in (sequence, sequence + other))
    weight = profile(sequence)["molecular_weight"]
    assert weight["single_stranded"] == pytest.approx(single - 59 * water, abs=0.01)
    assert weight["double_stranded"] == pytest.approx(double - 118 * water, abs=0.01)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize(
    ("length", "window", "letters"), [(300, 50, "ACGT"), (120, 10, "ACGTNNNNSW"), (50, 50, "ACGT")]
)
def test_gc_windows(length, window, letters, topology):
    sequence = random_sequence(length, length, letters=letters)
    text = sequence + sequence[: window - 1] if topology == "circular" else sequence
    windows = [text[at : at + window] for at in range(len(text) - window + 1)]
    contents = [gc_fraction(some) for some in windows if set(some) & set("ACGTSW")]
    found = profile(sequence, topology, gc_window=window)["gc_windows"]
    assert found["window"] == window
    for extreme, name in ((min, "minimum"), (max, "maximum")):
        assert found[name]["gc_content"] == pytest.approx(extreme(contents), abs=1e-6)
        assert found[name]["start"] == contents.index(extreme(contents)) + 1


def test_a_molecule_shorter_than_the_window_has_none():
    assert profile("ACGT" * 12)["gc_windows"] is None
    assert profile("N" * 60)["gc_windows"] is None
