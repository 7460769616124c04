"""Melting temperatures against Bio.SeqUtils.MeltingTemp."""

import pydantic
import pytest
from Bio.SeqUtils import MeltingTemp

from services.compute_dna.schema import Options
from tests.services.compute_dna.molecules import profile, random_sequence

BUFFERS = [
    {},
    {"sodium_mM": 1000, "oligo_nM": 400, "target_nM": 400},
    {"sodium_mM": 50, "magnesium_mM": 1.5, "dntp_mM": 0.8, "oligo_nM": 500, "target_nM": 20},
    {"sodium_mM": 50, "magnesium_mM": 0.5, "dntp_mM": 0.8},
]


def by_biopython(sequence, *, selfcomp=False, **buffer):
    options = Options(**buffer)
    return MeltingTemp.Tm_NN(
        sequence,
        nn_table=MeltingTemp.DNA_NN3,
        dnac1=options.oligo_nM,
        dnac2=options.target_nM,
        selfcomp=selfcomp,
        Na=options.sodium_mM,
        Mg=options.magnesium_mM,
        dNTPs=options.dntp_mM,
        saltcorr=5,
    )


@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize("length", [8, 17, 25, 60])
def test_nearest_neighbour(length, buffer):
    for seed in range(5):
        sequence = random_sequence(seed, length)
        tm = profile(sequence, **buffer)["melting_temperature"]
        assert tm == {"celsius": pytest.approx(by_biopython(sequence, **buffer), abs=0.01), "not_applicable": None}


def test_a_self_complementary_oligo_pairs_with_itself():
    tm = profile("GGAATTCGAATTCC", target_nM=100)["melting_temperature"]["celsius"]
    assert tm == pytest.approx(by_biopython("GGAATTCGAATTCC", selfcomp=True, target_nM=100), abs=0.01)


@pytest.mark.parametrize(
    ("sequence", "topology", "reason"),
    [
        ("ACGTACG", "linear", "under 8 bases"),
        ("A" * 61, "linear", "over 60 bases"),
        ("ACGTACGTAC", "circular", "circular"),
        ("ACGTNACGTAC", "linear", "ambiguity codes"),
    ],
)
def test_what_has_no_melting_temperature_says_why(sequence, topology, reason):
    tm = profile(sequence, topology)["melting_temperature"]
    assert tm["celsius"] is None
    assert reason in tm["not_applicable"]


def test_the_target_is_not_in_excess():
    with pytest.raises(pydantic.ValidationError) as refusal:
        Options(oligo_nM=10, target_nM=11)
    assert refusal.value.errors()[0]["msg"].startswith("target_nM is over oligo_nM")
