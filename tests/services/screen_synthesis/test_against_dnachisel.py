"""Each kind of rule against DNA Chisel's constraint of the same meaning, which is computed by another route.

Where the two differ on purpose, `README.md` of the service says why; the last tests here hold the differences still.
"""

import sys

import dnachisel
import pytest

SEEDS = range(25)

ENZYMES = {"BsaI": "GGTCTC", "BsmBI": "CGTCTC", "BbsI": "GAAGAC", "SapI": "GCTCTTC"}


@pytest.fixture(autouse=True)
def ungrouped(monkeypatch):
    """Lets DNA Chisel report each place by itself, where it would put nearby ones in a group."""
    for name in ("AvoidHairpins", "EnforceGCContent"):
        module = sys.modules[f"dnachisel.builtin_specifications.{name}"]
        monkeypatch.setattr(module, "group_nearby_segments", lambda segments, **_: [[segment] for segment in segments])


def evaluate(constraint, sequence, topology="linear"):
    """DNA Chisel's evaluation of one constraint."""
    problem_class = (
        dnachisel.CircularDnaOptimizationProblem if topology == "circular" else dnachisel.DnaOptimizationProblem
    )
    problem = problem_class(sequence, constraints=[constraint], logger=None)
    return problem.constraints_evaluations(autopass=False).evaluations[0]


def chiselled(constraint, sequence, topology="linear"):
    """The positions that DNA Chisel finds fault with."""
    locations = evaluate(constraint, sequence, topology).locations
    return {position % len(sequence) for place in locations for position in range(place.start, place.end)}


both_topologies = pytest.mark.parametrize("topology", ["linear", "circular"])
each_seed = pytest.mark.parametrize("seed", SEEDS)


@each_seed
@both_topologies
@pytest.mark.parametrize("enzyme", ENZYMES)
def test_sites_are_those_of_avoid_pattern(broken, troubled, seed, topology, enzyme):
    sequence = troubled(seed)
    rule = {"kind": "pattern", "name": enzyme, "pattern": ENZYMES[enzyme]}
    found = broken(sequence, rule, topology)
    theirs = evaluate(dnachisel.AvoidPattern(f"{enzyme}_site"), sequence, topology).locations
    signs = {"forward": 1, "reverse": -1}
    assert {(span["start"] - 1, signs[span["strand"]]) for span in (found["spans"] if found else ())} == {
        (place.start % len(sequence), place.strand) for place in theirs
    }


@each_seed
@pytest.mark.parametrize("pattern", ["GCNNGC", "RAATTY", "CCWGG", "TTNA"])
def test_patterns_with_ambiguity_codes_are_those_of_avoid_pattern(broken, covered, troubled, seed, pattern):
    sequence = troubled(seed)
    found = broken(sequence, {"kind": "pattern", "name": "it", "pattern": pattern})
    assert covered(found, len(sequence)) == chiselled(dnachisel.AvoidPattern(pattern), sequence)


@each_seed
@both_topologies
@pytest.mark.parametrize(("copies", "unit"), [(8, 1), (9, 2), (5, 3), (3, 7)])
def test_tandem_repeats_are_those_of_avoid_pattern(broken, covered, troubled, seed, topology, copies, unit):
    sequence = troubled(seed)
    found = broken(sequence, {"kind": "tandem_repeat", "copies": copies, "unit": unit}, topology)
    assert covered(found, len(sequence)) == chiselled(dnachisel.AvoidPattern(f"{copies}x{unit}mer"), sequence, topology)


@each_seed
@both_topologies
@pytest.mark.parametrize(("low", "high", "window"), [(0.1, 0.9, 100), (0.3, 0.7, 50), (0.25, 0.65, 30)])
def test_gc_windows_are_those_of_enforce_gc_content(broken, covered, troubled, seed, topology, low, high, window):
    sequence = troubled(seed)
    rule = {"kind": "gc_content", "minimum": low, "maximum": high, "window": window}
    found = broken(sequence, rule, topology)
    constraint = dnachisel.EnforceGCContent(mini=low, maxi=high, window=window)
    assert covered(found, len(sequence)) == chiselled(constraint, sequence, topology)


@each_seed
def test_the_gc_content_of_all_is_judged_as_by_enforce_gc_content(broken, troubled, seed):
    sequence = troubled(seed, pieces=4)
    found = broken(sequence, {"kind": "gc_content", "minimum": 0.45, "maximum": 0.55})
    constraint = dnachisel.EnforceGCContent(mini=0.45, maxi=0.55)
    assert (found is None) == evaluate(constraint, sequence).passes


@each_seed
@pytest.mark.parametrize("k", [9, 12, 15])
def test_repeated_words_are_those_of_uniquify_all_kmers(broken, covered, troubled, seed, k):
    sequence = troubled(seed)
    found = broken(sequence, {"kind": "unique_kmers", "k": k})
    assert covered(found, len(sequence)) == chiselled(dnachisel.UniquifyAllKmers(k), sequence)


@each_seed
def test_repeated_words_on_a_circle_are_those_of_the_circle_cut_open(broken, covered, troubled, seed):
    sequence, k = troubled(seed), 10
    found = broken(sequence, {"kind": "unique_kmers", "k": k}, "circular")
    places = evaluate(dnachisel.UniquifyAllKmers(k), sequence + sequence[: k - 1]).locations
    theirs = {position % len(sequence) for place in places for position in range(place.start, place.end)}
    assert covered(found, len(sequence)) == theirs


@each_seed
@both_topologies
@pytest.mark.parametrize(("stem", "window"), [(20, 200), (9, 60), (12, 100)])
def test_hairpins_start_where_those_of_avoid_hairpins_do(broken, covered, troubled, seed, topology, stem, window):
    sequence = troubled(seed)
    size = len(sequence)
    found = broken(sequence, {"kind": "hairpin", "stem": stem, "window": window}, topology)
    starts = {
        place.start % size for place in evaluate(dnachisel.AvoidHairpins(stem, window), sequence, topology).locations
    }
    assert bool(found) == bool(starts)
    assert starts <= covered(found, size)
    if topology == "linear":
        assert {span["start"] - 1 for span in (found["spans"] if found else ())} <= starts


# Differences


def test_avoid_hairpins_loses_the_last_base_and_overshoots_the_end(broken):
    arm = "GATTACAGCCTAGGTCATCA"
    hairpin = arm + "TTTT" + dnachisel.reverse_complement(arm)
    rule = {"kind": "hairpin", "stem": 20, "window": 44}
    found = broken(hairpin + "CC", rule)
    assert found["spans"] == [{"start": 1, "end": 44, "strand": "both"}]
    place = evaluate(dnachisel.AvoidHairpins(20, 44), hairpin + "CC").locations[0]
    assert (place.start, place.end) == (0, 43)
    place = evaluate(dnachisel.AvoidHairpins(20, 200), hairpin + "CC").locations[0]
    assert place.end > len(hairpin + "CC")


def test_uniquify_all_kmers_does_not_look_across_the_origin(broken):
    word, filler = "GATTACAGCCTAGGTCATCA", "CCGTTGAGATATTCCGCAAACGT"
    sequence = word[10:] + filler + word + filler[::-1] + word[:10]
    found = broken(sequence, {"kind": "unique_kmers", "k": 15}, "circular")
    assert {"start": len(sequence) - 9, "end": 10, "strand": "both"} in found["spans"]
    assert evaluate(dnachisel.UniquifyAllKmers(15), sequence, "circular").passes


def test_a_circle_shorter_than_the_repeat_is_not_unrolled(broken):
    rule = {"kind": "tandem_repeat", "copies": 8, "unit": 1}
    assert broken("A" * 6, rule, "circular") is None
    assert not evaluate(dnachisel.AvoidPattern("8x1mer"), "A" * 6, "circular").passes
