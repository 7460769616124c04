"""What holds for whole profiles: published values, independence of the batch, symmetry, size, documentation."""

import json
import random
import subprocess
import sys

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.compute_dna import SERVICE
from services.compute_dna.batch import reverse_complement
from services.compute_dna.compute import compute
from services.compute_dna.schema import Item, Options, Result
from tests.services.compute_dna.molecules import IUPAC, genbank, item, lambda_phage, profile, random_sequence

# Published values


def sites(result, *names):
    cutters = dict.fromkeys(result["restriction"]["unique"], 1) | result["restriction"]["multiple"]
    return [cutters.get(name, 0) for name in names]


def test_puc19():
    """L09137.2; bla and lacZ alpha where the record's literature has them."""
    sequence, _ = genbank("pUC19c.gb")
    result = profile(sequence, "circular")
    assert result["length"] == 2686
    assert round(result["gc_content"], 4) == 0.5063
    assert result["checksum"] == "cdseguid=mCC0B3UMZfgLyh3Pl574MVjm30U"
    assert sites(result, "BsaI", "EcoRI", "HindIII") == [1, 1, 1]
    bla = result["orfs"]["listed"][0]
    assert (bla["start"], bla["end"], bla["strand"], bla["length"]) == (1626, 2486, -1, 286)
    assert bla["protein"].startswith("MSIQHFRVALIPFFAAFCLPVFAHPETLVK")


@pytest.mark.parametrize("name", ["genetic_code", "start_codons", "host"])
def test_what_an_option_may_be_is_in_the_schema_and_all_of_it_works(name):
    allowed = Options.model_json_schema()["properties"][name]["enum"]
    assert all(profile("ATGAAAGGTTAA" * 3, **{name: value})["length"] == 36 for value in allowed)


def test_phi_x174():
    """NC_001422.1; genes F, G and H, and gene A across the origin of the record."""
    sequence, _ = genbank("phiX174.gb")
    result = profile(sequence, "circular")
    assert result["length"] == 5386
    assert sites(result, "EcoRI") == [0]
    ends = {(orf["start"], orf["end"]) for orf in result["orfs"]["listed"]}
    assert {(1001, 2284), (2395, 2922), (2931, 3917)} <= ends
    assert 136 in {end for _, end in ends}


def test_lambda():
    """NC_001416.1."""
    result = profile(lambda_phage(), "linear")
    assert result["length"] == 48_502
    assert sites(result, "EcoRI", "BamHI", "HindIII") == [5, 5, 6]


# The batch does not matter


def mixed_items():
    chooser = random.Random(11)
    sizes = [1, 2, 3, 5, 8, 21, 60, 61, 200, 999, 1000, 1001, 4000, 120_000, 300_000]
    items = [
        item(random_sequence(size, size, letters=chooser.choice(["ACGT", "AC", IUPAC])), topology)
        for size in sizes
        for topology in ("linear", "circular")
    ]
    items.append(item("ACGTTGCA" * 100, "circular"))
    chooser.shuffle(items)
    return items


def test_a_result_is_the_same_in_whatever_batch():
    items, options = mixed_items(), Options(orf_minimum=20)
    together = compute(items, options)
    assert together == [compute([one], options)[0] for one in items]
    assert compute(items[::-1], options) == together[::-1]


def test_results_are_json():
    for result in compute(mixed_items(), Options()):
        assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_no_items_no_results():
    assert compute([], Options()) == []


# Symmetry

molecules = st.builds(
    lambda parts: "".join(word * count for word, count in parts),
    st.lists(st.tuples(st.text("ACGT", min_size=1, max_size=40), st.integers(1, 4)), min_size=1, max_size=12),
)
QUICK = {
    "orf_minimum": 10,
    "gc_window": 10,
    "repeat_minimum": 12,
    "hairpin_stem_minimum": 7,
    "hairpin_loop_maximum": 20,
}


def invariants(result):
    """What neither the origin nor the strand of a circle changes."""
    restriction = result["restriction"]
    return {
        "length": result["length"],
        "gc": result["gc_content"],
        "weight": round(result["molecular_weight"]["double_stranded"], 1),
        "checksum": result["checksum"],
        "windows": result["gc_windows"]
        and [result["gc_windows"][name]["gc_content"] for name in ("minimum", "maximum")],
        "proteins": sorted(orf["protein"] for orf in result["orfs"]["listed"])
        if result["orfs"]["total"] <= 20
        else None,
        "orfs": (result["orfs"]["total"], result["orfs"]["longest"]),
        "sites": restriction["multiple"] | dict.fromkeys(restriction["unique"], 1),
        "homopolymers": sorted(run["length"] for run in result["homopolymers"]["listed"][:5]),
    }


def rotation_invariants(result):
    unordered = ("homopolymers", "hairpins")
    return invariants(result) | {name: result[name]["total"] for name in unordered} | {"skew": result["gc_skew"]}


@settings(max_examples=100, deadline=None)
@given(molecules, st.integers(0, 10_000))
def test_rotating_a_circle_changes_nothing(sequence, turn):
    turn %= len(sequence)
    turned = sequence[turn:] + sequence[:turn]
    assert rotation_invariants(profile(turned, "circular", **QUICK)) == rotation_invariants(
        profile(sequence, "circular", **QUICK)
    )


@settings(max_examples=60, deadline=None)
@given(molecules, st.sampled_from(["linear", "circular"]))
def test_the_other_strand_is_the_same_molecule(sequence, topology):
    other = profile(reverse_complement(sequence), topology, **QUICK)
    assert invariants(other) == invariants(profile(sequence, topology, **QUICK))


def test_rotating_a_random_circle_moves_everything_with_it():
    sequence = random_sequence(3, 3000)
    sequence = sequence[:1500] + reverse_complement(sequence[200:260]) + sequence[1500:] + sequence[700:760]
    plain = profile(sequence, "circular")
    for turn in (1, 230, 735, 1520, 2999):
        turned = profile(sequence[turn:] + sequence[:turn], "circular")
        assert turned["codon_adaptation"] == plain["codon_adaptation"]
        assert turned["checksum"] == plain["checksum"]
        repeats = [sorted((r["inverted"], r["length"]) for r in some["repeats"]["listed"]) for some in (plain, turned)]
        assert repeats[0] == repeats[1]
        assert len(repeats[0]) == 2
        moved = {
            name: cut and (cut - 1 - turn) % len(sequence) + 1 for name, cut in plain["restriction"]["unique"].items()
        }
        assert turned["restriction"]["unique"] == moved


# The declaration


def test_a_result_of_a_kilobase_is_small():
    sizes = [len(json.dumps(profile(random_sequence(seed, 1000)), separators=(",", ":"))) for seed in range(10)]
    assert sum(sizes) / len(sizes) < 5_000


def test_a_result_of_a_long_repetitive_molecule_is_small():
    sequence = (random_sequence(1, 900) + "ATG" + "GCC" * 100 + "TAA" + "GT" * 40 + "GGTCTC") * 40
    assert len(json.dumps(profile(sequence, "circular"))) < 32_000


def test_every_figure_is_documented():
    schema = pydantic.TypeAdapter(Result).json_schema()
    documented = {f"#/$defs/{name}" for name, definition in schema["$defs"].items() if definition.get("description")}
    for definition in (schema, *schema["$defs"].values()):
        for name, field in definition.get("properties", {}).items():
            references = {field.get("$ref"), *(option.get("$ref") for option in field.get("anyOf", ()))}
            assert field.get("description") or references & documented, (definition["title"], name)


def test_results_are_of_their_type():
    adapter = pydantic.TypeAdapter(Result)
    for result in compute(mixed_items(), Options(orf_minimum=20)):
        assert adapter.validate_python(result, strict=True) == result


def test_the_declaration_needs_no_library():
    code = "import sys, services.compute_dna; assert not {'numpy', 'Bio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_topology_is_never_guessed():
    with pytest.raises(pydantic.ValidationError, match="topology"):
        Item.model_validate({"sequence": "ACGT"})


def test_jobs_are_weighed_by_bases():
    assert SERVICE.slicing.weigh(item("ACGT" * 10)) == 40
