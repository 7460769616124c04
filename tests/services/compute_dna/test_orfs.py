"""ORFs, proteins and codon adaptation by independent routes: plain loops over Bio.Seq."""

import itertools
import math

import pytest
from Bio.Data import CodonTable
from Bio.Seq import Seq
from Bio.SeqUtils import CodonAdaptationIndex
from python_codon_tables import available_codon_tables_names, get_codons_table

from services.compute_dna.codons import STOP, genetic_code
from services.compute_dna.schema import GeneticCode, Host
from tests.services.compute_dna.molecules import IUPAC, profile, random_sequence

COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")


def orfs_by_loops(sequence, topology, minimum, table=1, starts=("ATG",)):
    """(start, end, strand, frame, length, protein) of all ORFs, codon by codon backwards from each stop."""
    found = set()
    length = len(sequence)
    stops = CodonTable.unambiguous_dna_by_id[table].stop_codons
    for strand in (1, -1):
        text = sequence if strand > 0 else sequence.translate(COMPLEMENT)[::-1]
        circular = topology == "circular"
        for stop in range(length if circular else length - 2):
            if codon(text, stop, circular) in stops:
                begin = first_start(text, stop, circular, stops, starts)
                if begin is not None and (stop - begin) // 3 >= minimum:
                    found.add(described(text, begin, stop, strand, circular, table))
    return found


def codon(text, at, circular):
    return "".join(text[(at + i) % len(text)] if circular else text[at + i : at + i + 1] for i in range(3))


def first_start(text, stop, circular, stops, starts):
    begin, at = None, stop - 3
    while (circular and stop + 3 - at <= len(text)) or (not circular and at >= 0):
        if codon(text, at, circular) in stops:
            break
        if codon(text, at, circular) in starts:
            begin = at
        at -= 3
    return begin


def described(text, begin, stop, strand, circular, table):
    length = len(text)
    coding = "".join(codon(text, at, circular) for at in range(begin, stop, 3))
    protein = "M" + str(Seq(coding).translate(table))[1:]
    first, last = begin % length, (stop + 2) % length
    ends = (first + 1, last + 1) if strand > 0 else (length - last, length - first)
    return (*ends, strand, first % 3 + 1, len(protein), protein)


def found_orfs(sequence, topology, **options):
    orfs = profile(sequence, topology, **options)["orfs"]
    assert orfs["total"] == len(orfs["listed"])
    assert orfs["longest"] == max((orf["length"] for orf in orfs["listed"]), default=0)
    return {tuple(orf.values()) for orf in orfs["listed"]}


@pytest.mark.parametrize("topology", ["linear", "circular"])
@pytest.mark.parametrize("length", [600, 601, 602])
def test_orfs_and_proteins(length, topology):
    for seed in range(25):
        sequence = random_sequence(seed, length, gc=0.6)
        assert found_orfs(sequence, topology, orf_minimum=20) == orfs_by_loops(sequence, topology, 20)


@pytest.mark.parametrize("topology", ["linear", "circular"])
@pytest.mark.parametrize("length", [3, 33, 34, 35, 60])
def test_short_molecules(length, topology):
    for seed in range(200):
        sequence = random_sequence(seed, length, gc=0.7)
        assert found_orfs(sequence, topology, orf_minimum=10) == orfs_by_loops(sequence, topology, 10)


@pytest.mark.filterwarnings("ignore:This table contains:Bio.BiopythonWarning")  # codons both stop and amino acid
@pytest.mark.parametrize("table", GeneticCode.__args__)
def test_genetic_codes(table):
    ncbi = CodonTable.unambiguous_dna_by_id[table]
    sequence = random_sequence(table, 1200, gc=0.55)
    found = found_orfs(sequence, "circular", orf_minimum=60, genetic_code=table, start_codons="table")
    assert found == orfs_by_loops(sequence, "circular", 60, table, ncbi.start_codons)


def test_genetic_codes_are_those_of_biopython():
    assert list(GeneticCode.__args__) == sorted(CodonTable.unambiguous_dna_by_id)


def test_codons_with_ambiguity_codes_translate_as_in_biopython():
    codons = ["".join(letters) for letters in itertools.product(IUPAC, repeat=3)]
    code = genetic_code(1, "ATG")
    numbers = [IUPAC.index(a) << 8 | IUPAC.index(b) << 4 | IUPAC.index(c) for a, b, c in codons]
    assert code.amino_acids[0][numbers].tobytes().decode() == str(Seq("".join(codons)).translate())
    assert code.amino_acids[1][numbers].tobytes().decode() == "".join(
        str(Seq(codon).reverse_complement().translate()) for codon in codons
    )
    stops = {codon for codon, number in zip(codons, numbers, strict=True) if code.flags[number] & STOP}
    assert stops == {"TAA", "TAG", "TGA", "TAR", "TRA"}


def test_an_ambiguous_codon_is_x_and_ends_nothing():
    (orf,) = profile("ATG" + "GCN" * 5 + "NNN" + "RAY" * 5 + "TAR", orf_minimum=10)["orfs"]["listed"]
    assert orf["protein"] == "MAAAAAXBBBBB"


def test_an_orf_across_the_origin():
    gene = "ATG" + "GCC" * 90 + "TAA"
    turned = gene[100:] + "CCCC" + gene[:100]
    (orf,) = profile(turned, "circular")["orfs"]["listed"]
    assert (orf["start"], orf["end"], orf["strand"], orf["length"]) == (len(turned) - 99, len(gene) - 100, 1, 91)
    assert profile(turned, "linear")["orfs"]["total"] == 0


def test_long_lists_are_cut_and_counted():
    sequence = ("ATG" + "GCC" * 20 + "TAA") * 30
    orfs = profile(sequence, orf_minimum=10)["orfs"]
    assert len(orfs["listed"]) == 20
    assert orfs["total"] >= 30


def test_hosts_are_those_of_the_library():
    assert sorted(Host.__args__) == sorted(available_codon_tables_names)


@pytest.mark.parametrize("host", ["e_coli_316407", "s_cerevisiae_4932", "h_sapiens_9606"])
@pytest.mark.parametrize("strand", [1, -1])
def test_codon_adaptation(host, strand):
    coding = "ATG" + random_sequence(8, 900, gc=0.6).replace("TA", "GC").replace("TGA", "GCA")
    sequence = coding[:903] + "TAA"
    sequence = sequence if strand > 0 else str(Seq(sequence).reverse_complement())
    result = profile(sequence, host=host)
    longest = result["orfs"]["listed"][0]
    part = Seq(sequence[longest["start"] - 1 : longest["end"]])
    part = part if longest["strand"] > 0 else part.reverse_complement()
    assert result["codon_adaptation"]["index"] == pytest.approx(by_biopython(host).calculate(part[:-3]), abs=1e-4)
    assert result["codon_adaptation"]["host"] == host


def by_biopython(host):
    index = CodonAdaptationIndex([])
    for frequencies in get_codons_table(host).values():
        best = max(frequencies.values())
        index.update({codon: max(frequency, 0.005) / best for codon, frequency in frequencies.items()})
    return index


def test_codon_adaptation_of_favourite_codons_is_one():
    table = get_codons_table("e_coli_316407")
    favourites = "".join(max(codons, key=codons.get) for amino_acid, codons in table.items() if amino_acid != "*")
    result = profile("ATG" + favourites * 4 + "TAA")["codon_adaptation"]
    assert math.isclose(result["index"], 1)


def test_without_an_orf_there_is_no_codon_adaptation():
    result = profile("ACGT" * 10)["codon_adaptation"]
    assert result["index"] is None
    assert "no ORF" in result["not_applicable"]
    assert "synonym" in profile("ATG" * 12 + "TAA", orf_minimum=10)["codon_adaptation"]["not_applicable"]
