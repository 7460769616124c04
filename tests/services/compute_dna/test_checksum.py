"""Checksums against the seguid library."""

import random

import pytest
import seguid
from hypothesis import given
from hypothesis import strategies as st

from services.compute_dna.batch import reverse_complement
from services.compute_dna.checksum import least_rotation
from services.compute_dna.checksum import seguid as checksum
from tests.services.compute_dna.molecules import IUPAC, random_sequence

dna = st.text(alphabet="ACGT", min_size=1, max_size=60)
words = st.text(alphabet="AC", min_size=1, max_size=6)


def every_rotation(sequence):
    return (sequence[at:] + sequence[:at] for at in range(len(sequence)))


@given(dna)
def test_linear(sequence):
    assert checksum(sequence, "linear") == seguid.ldseguid(sequence, reverse_complement(sequence))


@given(dna)
def test_circular(sequence):
    assert checksum(sequence, "circular") == seguid.cdseguid(sequence, reverse_complement(sequence))


@pytest.mark.parametrize("topology", ["linear", "circular"])
def test_ambiguity_codes(topology):
    sequence = random_sequence(1, 500, letters=IUPAC)
    library = seguid.cdseguid if topology == "circular" else seguid.ldseguid
    expected = library(sequence, reverse_complement(sequence), alphabet="{DNA-extended}")
    assert checksum(sequence, topology) == expected


@given(st.lists(st.tuples(words, st.integers(1, 60)), min_size=1, max_size=5), words)
def test_least_rotation_of_periodic_sequences(parts, end):
    sequence = "".join(word * count for word, count in parts) + end
    assert least_rotation(sequence) == min(every_rotation(sequence))


def test_least_rotation_where_many_places_agree_for_long():
    chooser = random.Random(5)
    for _ in range(20):
        block = "".join(chooser.choices("AC", k=chooser.randint(2, 40)))
        tail = "".join(chooser.choices("ACGT", k=chooser.randint(0, 30)))
        sequence = block * chooser.randint(17, 40) + tail
        assert least_rotation(sequence) == min(every_rotation(sequence))


def test_long_repetitive_circles_do_not_take_quadratic_time():
    for sequence in (
        "A" * 1_000_000,
        "A" * 999_999 + "C",
        "AC" * 500_000,
        ("AAC" * 1000 + "G") * 300,
        "AACAAAC" * 100_000,
    ):
        turned = least_rotation(sequence)
        assert len(turned) == len(sequence)
        assert turned in sequence + sequence
