"""Homopolymers, tandem and dispersed repeats and hairpins against plain loops and dictionaries."""

import itertools
import random
import re
from collections import defaultdict

import pytest
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st

from services.compute_dna.batch import reverse_complement
from services.compute_dna.compute import compute
from services.compute_dna.schema import Options
from tests.services.compute_dna.molecules import item, profile, random_sequence

TOPOLOGIES = pytest.mark.parametrize("topology", ["linear", "circular"])


def rows(part):
    assert part["total"] == len(part["listed"])
    return {tuple(row.values()) for row in part["listed"]}


def mosaic(seed, blocks=14, size=24):
    """A sequence of a few blocks and their reverse complements in random order."""
    chooser = random.Random(seed)
    kinds = ["".join(chooser.choices("ACGT", k=size)) for _ in range(8)]
    kinds += [reverse_complement(kinds[0]), reverse_complement(kinds[1])[: size - 3]]
    return "".join(chooser.choice(kinds) for _ in range(blocks))


# Homopolymers and tandem repeats


@pytest.mark.parametrize("seed", range(5))
def test_homopolymers(seed):
    sequence = random_sequence(seed, 800, letters="ACGTN")
    expected = {(m[0][0], m.start() + 1, len(m[0])) for m in re.finditer(r"A{4,}|C{4,}|G{4,}|T{4,}", sequence)}
    found = profile(sequence, homopolymer_minimum=4)["homopolymers"]
    assert rows(found) == expected
    assert found["longest"] == max(length for _, _, length in expected)


@pytest.mark.parametrize("minimum", [3, 6, 50])
@pytest.mark.parametrize("seed", range(5))
def test_the_longest_run_is_the_longest_of_all_listed_or_not(seed, minimum):
    molecules = [item(random_sequence(seed + at, 1 + at**2, letters="ACGTN"), "linear") for at in range(20)]
    found = [result["homopolymers"]["longest"] for result in compute(molecules, Options(homopolymer_minimum=minimum))]
    runs = [re.findall(r"A+|C+|G+|T+", molecule.sequence) for molecule in molecules]
    assert found == [max(map(len, each), default=0) for each in runs]


@pytest.mark.parametrize(
    ("sequence", "topology", "longest"),
    [("AACGTA", "circular", 3), ("AACGTA", "linear", 2), ("AAA", "circular", 3), ("NNRY", "linear", 0)],
)
def test_the_longest_run_of_a_short_molecule(sequence, topology, longest):
    assert profile(sequence, topology)["homopolymers"] == {"total": 0, "longest": longest, "listed": []}


def test_a_homopolymer_across_the_origin():
    found = profile("AAACGTACGTAAAAA", "circular")["homopolymers"]
    assert found["listed"] == [{"base": "A", "start": 11, "length": 8}]
    assert profile("AAACGTACGTAAAAA", "linear")["homopolymers"]["total"] == 0


def test_a_circle_of_one_base_counts_once_round():
    found = profile("A" * 30, "circular")
    assert found["homopolymers"]["listed"] == [{"base": "A", "start": 1, "length": 30}]
    assert found["tandem_repeats"]["total"] == 0


def tandem_by_loops(sequence, topology="linear", k=20):
    """Every maximal stretch of each period below `k` or of at most 10, found letter by letter from each base."""
    size, circular = len(sequence), topology == "circular"
    found = set()
    for period in range(2, max(k, 11)):
        agrees = [
            (circular or at + period < size) and sequence[at] == sequence[(at + period) % size] in "ACGT"
            for at in range(size)
        ]
        begins = [at for at in range(size) if not agrees[at - 1]] or [0]
        for start in begins:
            agreeing = sum(itertools.takewhile(bool, (agrees[(start + on) % size] for on in range(size))))
            length = min(agreeing + period, size)
            unit = "".join(sequence[(start + on) % size] for on in range(period))
            enough = (period <= 10 and length >= max(12, 3 * period)) or length >= period + k
            if enough and unit not in (unit + unit)[1:-1] and set(unit) <= set("ACGT"):
                found.add((unit, start + 1, length))
    return found


@st.composite
def tracts(draw):
    """Units of up to 33 bases, palindromes among them, repeated a few times between fillers of a few bases."""
    sequence = ""
    for _ in range(draw(st.integers(1, 3))):
        unit = draw(st.text("ACGT", min_size=1, max_size=33))
        if draw(st.booleans()):
            unit = unit[:11] + reverse_complement(unit[:11])
        sequence += (unit * 8)[: draw(st.integers(1, 4 * len(unit)))] + draw(st.text("ACGTN", max_size=9))
    turn = draw(st.integers(0, len(sequence)))
    return sequence[turn:] + sequence[:turn]


@TOPOLOGIES
@given(sequence=tracts(), k=st.integers(12, 31))
def test_tandem_repeats(topology, sequence, k):
    found = profile(sequence, topology, repeat_minimum=k)["tandem_repeats"]
    assert rows(found) == tandem_by_loops(sequence, topology, k)


@given(sequences=st.lists(tracts(), min_size=2, max_size=4))
def test_tandem_repeats_of_molecules_side_by_side(sequences):
    molecules = [item(sequence, ("linear", "circular")[at % 2]) for at, sequence in enumerate(sequences)]
    for molecule, result in zip(molecules, compute(molecules, Options()), strict=True):
        assert rows(result["tandem_repeats"]) == tandem_by_loops(molecule.sequence, molecule.topology)


@TOPOLOGIES
@pytest.mark.parametrize("unit", range(3, 34))
def test_copies_head_to_tail_are_reported_whatever_their_length(unit, topology):
    copies = random_sequence(unit, unit) * 8
    found = profile(random_sequence(101, 200) + copies + random_sequence(102, 200), topology)
    tandem = [row["length"] for row in found["tandem_repeats"]["listed"]]
    paired = [row["length"] + unit for row in found["repeats"]["listed"]]
    assert max(tandem if unit < 20 else paired) >= len(copies)


def test_a_tract_that_is_its_own_reverse_complement_is_a_tandem_repeat():
    tract = "GAATTCAAGCTT" * 6
    found = profile("ACCA" + tract + "TCCA")["tandem_repeats"]["listed"]
    assert [(row["start"], row["length"]) for row in found] == [(5, 72)]


def test_a_tandem_repeat_across_the_origin():
    found = profile("GTGT" + "ACCATTCAGGTA" + "GTGTGTGT", "circular")["tandem_repeats"]
    assert found["listed"] == [{"unit": "GT", "start": 17, "length": 12}]


# Dispersed repeats


def repeats_by_dictionary(sequence, topology, k):
    """Neighbouring places of equal words, chained; each pair of copies from both ends, then once."""
    length, circular = len(sequence), topology == "circular"
    text = sequence + sequence[: k - 1] if circular else sequence
    places = defaultdict(list)
    for at in range(len(text) - k + 1):
        word = text[at : at + k]
        if set(word) <= set("ACGT"):
            places[min(word, reverse_complement(word))].append((at, word != min(word, reverse_complement(word))))
    pairs = set()
    for mine in places.values():
        ring = itertools.pairwise([*mine, mine[0]] if circular and len(mine) > 1 else mine)
        for (first, reverse), (second, other) in ring:
            gap = abs(second - first)
            if min(gap, length - gap if circular else gap) >= k:
                pairs.add((first, second, reverse != other))
                pairs.add((second, first, reverse != other))
    return chained(pairs, length if circular else 10**9, k)


def chained(pairs, length, k):
    found = set()
    for first, second, inverted in pairs:
        step = -1 if inverted else 1
        if ((first - 1) % length, (second - step) % length, inverted) in pairs:
            continue
        size = 1
        while ((first + size) % length, (second + step * size) % length, inverted) in pairs:
            size += 1
        other = (second - size + 1) % length if inverted else second
        if first < other:
            found.add((first + 1, other + 1, size + k - 1, inverted))
    return found


@TOPOLOGIES
@pytest.mark.parametrize("seed", range(20))
def test_repeats(seed, topology):
    sequence = mosaic(seed, blocks=9)
    found = rows(profile(sequence, topology, repeat_minimum=16)["repeats"])
    assert found == repeats_by_dictionary(sequence, topology, 16)


@pytest.mark.parametrize("k", [12, 15, 20, 31])
def test_planted_repeats_are_found_whole(k):
    copy, filler = random_sequence(1, 40), [random_sequence(seed, 100) for seed in (2, 3, 4)]
    sequence = filler[0] + copy + filler[1] + reverse_complement(copy) + filler[2]
    (repeat,) = profile(sequence, repeat_minimum=k)["repeats"]["listed"]
    assert repeat["inverted"] is True
    first, other = (sequence[at - 1 :][: repeat["length"]] for at in (repeat["start"], repeat["other"]))
    assert first == reverse_complement(other)
    assert copy in first


def test_ambiguity_codes_do_not_repeat():
    assert profile("N" * 100 + random_sequence(1, 50) + "N" * 100)["repeats"]["total"] == 0


@TOPOLOGIES
def test_copies_in_other_molecules_are_no_repeats(topology):
    same = [item(random_sequence(1, 200), topology)] * 3
    assert [result["repeats"]["total"] for result in compute(same, Options())] == [0, 0, 0]


# Hairpins


def hairpins_by_loops(sequence, topology, stem_minimum, loop_maximum):
    found = set()
    length = len(sequence)
    complement = dict(zip("ACGT", "TGCA", strict=True))

    def pairs(left, right):
        if topology == "linear" and not (left >= 0 and right < length):
            return False
        return complement.get(sequence[left % length], "-") == sequence[right % length]

    for inner in range(length):
        for loop in range(3, loop_maximum + 1):
            stem = 0
            while 2 * (stem + 1) + loop <= length and pairs(inner - stem, inner + loop + 1 + stem):
                stem += 1
            closes = loop >= 5 and pairs(inner + 1, inner + loop)
            if stem >= stem_minimum and not closes:
                found.add(((inner - stem + 1) % length + 1, stem, loop))
    return found


@TOPOLOGIES
@pytest.mark.parametrize("seed", range(10))
def test_hairpins(seed, topology):
    arm = random_sequence(seed, 14)
    sequence = random_sequence(seed + 50, 60) + arm + random_sequence(seed + 70, 3 + seed) + reverse_complement(arm)
    sequence = sequence[70:] + "N" + sequence[:70]
    found = rows(profile(sequence, topology, hairpin_stem_minimum=7, hairpin_loop_maximum=30)["hairpins"])
    assert found == hairpins_by_loops(sequence, topology, 7, 30)


def test_a_hairpin_in_flanks_that_do_not_pair():
    found = profile("ACATAC" + "GCCCGCCTAATGAG" + "TTTT" + "CTCATTAGGCGGGC" + "TACTAC")["hairpins"]["listed"]
    assert found == [{"start": 7, "stem": 14, "loop": 4}]


def test_reverse_complement_is_that_of_biopython():
    sequence = random_sequence(4, 400, letters="ACGTRYSWKMBDHVN")
    assert reverse_complement(sequence) == str(Seq(sequence).reverse_complement())
