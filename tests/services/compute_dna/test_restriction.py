"""Every commercial enzyme against Bio.Restriction: recognition sites by its patterns, cuts by its search.

What differs, and why:
* Bio.Restriction reports cuts. The eleven double cutters (AjuI, AloI, ArsI, BaeI, BarI, BcgI, BplI, BsaXI, CspCI, FalI,
  PsrI) cut twice a site, so its lists are twice as long as the number of sites.
* It drops cuts that fall off a linear end, where we count the site and leave the cut empty; enzymes that cut within
  a fixed site (its class Defined) are not dropped there although they would leave one strand uncut.
* On a circle shorter than an enzyme's reach, some of its positions lie beyond the circle; ours are from 1 to the
  length. Compared modulo the length.
* LpnPI (CCDG) and MspJI (CNNR) may read on both strands at one place, which both count once.
"""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict

import pytest
from Bio.Restriction import CommOnly
from Bio.Restriction.Restriction import FormattedSeq
from Bio.Seq import Seq

from foundry.contract import Entry
from services.compute_dna import restriction, site_table
from services.compute_dna.enzymes import ASSEMBLY_ENZYMES, commercial_enzymes
from services.compute_dna.schema import Options
from tests.services.compute_dna.molecules import item, profile, random_sequence

ENZYMES = {str(enzyme): enzyme for enzyme in CommOnly}
DOUBLE_CUTTERS = {"AjuI", "AloI", "ArsI", "BaeI", "BarI", "BcgI", "BplI", "BsaXI", "CspCI", "FalI", "PsrI"}

MOLECULES = [
    pytest.param(random_sequence(seed, length, gc), topology, id=f"{topology} {length} bp GC {gc}")
    for seed, (length, gc) in enumerate([(20, 0.5), (300, 0.5), (1000, 0.35), (1000, 0.5), (3000, 0.65), (20_000, 0.5)])
    for topology in ("linear", "circular")
] + [
    pytest.param(random_sequence(seed, 2000, letters="ACGT" * 12 + "RYSWKMBDHVN"), topology, id=f"{topology} ambiguous")
    for seed in (91, 92)
    for topology in ("linear", "circular")
]
each_molecule = pytest.mark.parametrize(("sequence", "topology"), MOLECULES)


def table(sequence, topology):
    """The rows of restriction-sites.csv by enzyme."""
    entry = Entry(position=1, item=item(sequence, topology), result=None, error=None)
    rows = csv.DictReader("".join(site_table.render([entry], Options())).splitlines())
    by_enzyme = defaultdict(list)
    for row in rows:
        by_enzyme[row["enzyme"]].append(row)
    return by_enzyme


def sites_by_pattern(enzyme, sequence, topology):
    """1-based starts of an enzyme's recognition sites, by Bio.Restriction's regular expression."""
    text = FormattedSeq(Seq(sequence), linear=topology == "linear")
    return [start for start, _ in text.finditer(enzyme.compsite, enzyme.size)]


@each_molecule
def test_sites_are_those_of_bio_restriction(sequence, topology):
    rows = table(sequence, topology)
    assert rows.keys() == ENZYMES.keys()
    for name, enzyme in ENZYMES.items():
        starts = [int(row["site_start"]) for row in rows[name] if row["site_start"]]
        assert starts == sites_by_pattern(enzyme, sequence, topology), name
        assert {row["sites"] for row in rows[name]} == {str(len(starts))}


@each_molecule
def test_cuts_are_those_of_bio_restriction(sequence, topology):
    linear, length = topology == "linear", len(sequence)
    for name, rows in table(sequence, topology).items():
        cuts = [int(row[column]) for row in rows for column in ("cut", "second_cut") if row[column]]
        searched = ENZYMES[name].search(Seq(sequence), linear=linear)
        if linear:
            expected = [cut for cut in searched if 1 < cut <= length and 1 < cut - ENZYMES[name].ovhg <= length]
        else:
            expected = [(cut - 1) % length + 1 for cut in searched]
        assert sorted(cuts) == sorted(expected), name


@each_molecule
def test_the_result_agrees_with_the_table(sequence, topology):
    rows, result = table(sequence, topology), profile(sequence, topology)["restriction"]
    counts = {name: int(mine[0]["sites"]) for name, mine in rows.items()}
    assert result["multiple"] == {name: count for name, count in counts.items() if count > 1}
    unique = {name: int(rows[name][0]["cut"] or 0) or None for name, count in counts.items() if count == 1}
    assert result["unique"] == unique
    assert result["enzymes"] == result["cutters"] + result["non_cutters"] == 623
    assert result["cutters"] == sum(count > 0 for count in counts.values())


def test_the_double_cutters_are_the_named_ones():
    assert {str(enzyme) for enzyme in CommOnly if enzyme.cut_twice()} == DOUBLE_CUTTERS
    assert {enzyme.name for enzyme in commercial_enzymes() if len(enzyme.cuts) == 2} == DOUBLE_CUTTERS


def test_enzyme_tables_are_those_of_bio_restriction():
    assert [enzyme.name for enzyme in commercial_enzymes()] == sorted(ENZYMES)
    for enzyme in commercial_enzymes():
        assert enzyme.site == ENZYMES[enzyme.name].site


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BsaI", True),
        ("SapI", True),
        ("FokI", True),
        ("EcoRI", False),
        ("NotI", False),
        ("BsrBI", False),
        ("BcgI", False),
    ],
)
def test_type_iis_enzymes_cut_once_outside_their_site(name, expected):
    (enzyme,) = (enzyme for enzyme in commercial_enzymes() if enzyme.name == name)
    assert enzyme.type_iis is expected


def test_a_site_across_the_origin_is_found_on_circles_only():
    sequence = "TTC" + "ACGTACGT" * 5 + "GAA"
    assert profile(sequence, "circular")["restriction"]["unique"]["EcoRI"] == len(sequence) - 1
    assert "EcoRI" not in profile(sequence, "linear")["restriction"]["unique"]


def test_type_iis_sites_come_with_their_overhangs():
    sequence = "AAAAAGGTCTCAATGCTTTTTTTTTTTCCGGAGAGACCTTTTT"
    found = profile(sequence)["restriction"]["type_iis"]
    assert found == {
        "total": 2,
        "listed": [
            {"enzyme": "BsaI", "start": 6, "strand": 1, "cut": 13, "overhang": "ATGC"},
            {"enzyme": "BsaI", "start": 33, "strand": -1, "cut": 28, "overhang": "CCGG"},
        ],
    }


def test_overhangs_are_what_digestion_leaves():
    sequence = random_sequence(7, 60_000)
    found = profile(sequence, "circular")["restriction"]["type_iis"]
    assert found["total"] == sum(
        len(sites_by_pattern(ENZYMES[name], sequence, "circular")) for name in ASSEMBLY_ENZYMES
    )
    for site in found["listed"]:
        begin, size = site["cut"] - 1, abs(ENZYMES[site["enzyme"]].ovhg)
        assert site["overhang"] == (sequence + sequence)[begin : begin + size]


def test_the_chunks_of_a_long_molecule_do_not_show(monkeypatch):
    sequence = random_sequence(5, 4000)
    whole = profile(sequence, "circular"), table(sequence, "circular")
    monkeypatch.setattr(restriction, "_CHUNK", 97)
    assert (profile(sequence, "circular"), table(sequence, "circular")) == whole


def test_a_cut_off_the_end_is_none():
    assert profile("ACTAACTAGGTCTC")["restriction"]["unique"]["BsaI"] is None


def test_ambiguity_codes_match_only_an_n_of_the_site():
    assert "EcoRI" not in profile("ACTGAATTNACT")["restriction"]["unique"]
    assert profile("ACTGGTNACCACT")["restriction"]["unique"]["BstEII"] == 5  # G^GTNACC
    assert profile("ACTGGTRACCACT")["restriction"]["unique"]["BstEII"] == 5
    assert "HaeII" not in profile("ACTRGCGCYACT")["restriction"]["unique"]  # RGCGCY wants a certain purine


def test_no_long_site_can_read_on_both_strands_at_once():
    meanings = {"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"}
    meanings |= {"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"}
    for enzyme in commercial_enzymes():
        reverse = str(Seq(enzyme.site).reverse_complement())
        if len(enzyme.site) > 6 and enzyme.site != reverse:
            shared = [
                set(meanings.get(a, a)) & set(meanings.get(b, b)) for a, b in zip(enzyme.site, reverse, strict=True)
            ]
            assert not all(shared), enzyme


def test_random_short_circles_do_not_hold_sites_longer_than_themselves():
    for length in range(1, 15):
        sequence = "".join(random.Random(length).choices("ACGT", k=length))
        result = profile(sequence, "circular")["restriction"]
        for name in (*result["unique"], *result["multiple"]):
            assert ENZYMES[name].size <= length
            assert re.search(ENZYMES[name].compsite, " " + sequence * 3)
