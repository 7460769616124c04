"""What must not change a verdict: which strand is written, where a circle is cut, and what else is in the batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundry.contract import SequenceItem
from services.screen_synthesis.compute import compute
from services.screen_synthesis.dna import reverse_complement
from services.screen_synthesis.profile import profiles
from services.screen_synthesis.schema import ScreenOptions

#: Every kind of rule, with figures that short sequences break.
RULES = [
    {"kind": "length", "minimum": 10, "maximum": 80},
    {"kind": "ambiguity"},
    {"kind": "pattern", "name": "site", "pattern": "GATCA"},
    {"kind": "pattern", "name": "other site", "pattern": "GGNTC"},
    {"kind": "tandem_repeat", "unit": 1, "copies": 4},
    {"kind": "tandem_repeat", "unit": 2, "copies": 3},
    {"kind": "hairpin", "stem": 4, "window": 24},
    {"kind": "gc_content", "minimum": 0.3, "maximum": 0.7},
    {"kind": "gc_content", "minimum": 0.2, "maximum": 0.8, "window": 10},
    {"kind": "unique_kmers", "k": 6},
]
SEQUENCES = st.one_of(
    st.text("ACGT", min_size=1, max_size=100),
    st.text("AT", min_size=1, max_size=40),
    st.text("ACGTN", min_size=1, max_size=60),
)
TOPOLOGIES = st.sampled_from(["linear", "circular"])


def stretches(result, size, *, shift=0, mirrored=False):
    """For each broken rule, its spans as (first position, length, strand), after the circle is turned or mirrored."""
    mirror = {"forward": "reverse", "reverse": "forward", "both": "both"}

    def move(span):
        start, length, strand = span["start"] - 1, (span["end"] - span["start"]) % size + 1, span["strand"]
        if mirrored:
            start, strand = size - start - length, mirror[strand]
        # Something that goes all around starts nowhere in particular.
        return 0 if length == size else (start + shift) % size, length, strand

    return {broken["rule"]: sorted(map(move, broken["spans"])) for broken in result["broken"]}


@given(SEQUENCES, TOPOLOGIES)
def test_the_other_strand_breaks_the_same_rules_in_the_same_places(screen, sequence, topology):
    size = len(sequence)
    result = screen(sequence, *RULES, topology=topology)
    other = screen(reverse_complement(sequence), *RULES, topology=topology)
    assert stretches(other, size, mirrored=True) == stretches(result, size)


@given(SEQUENCES, st.integers(0, 100))
def test_a_circle_breaks_the_same_rules_wherever_it_is_cut(screen, sequence, cut):
    size = len(sequence)
    cut %= size
    result = screen(sequence, *RULES, topology="circular")
    turned = screen(sequence[cut:] + sequence[:cut], *RULES, topology="circular")
    assert stretches(turned, size, shift=cut) == stretches(result, size)
    assert turned["counts"] == result["counts"]


@given(SEQUENCES)
def test_closing_a_line_mends_nothing(screen, sequence):
    linear, circular = (screen(sequence, *RULES, topology=topology) for topology in ("linear", "circular"))
    assert {broken["rule"] for broken in linear["broken"]} <= {broken["rule"] for broken in circular["broken"]}


@given(st.lists(st.tuples(SEQUENCES, TOPOLOGIES), max_size=6))
def test_an_item_comes_to_the_same_in_any_batch(batch):
    items = [SequenceItem(sequence=sequence, topology=topology) for sequence, topology in batch]
    options = ScreenOptions.model_validate({"rules": RULES})
    assert compute(items, options) == [compute([item], options)[0] for item in items]


@pytest.mark.parametrize("profile", profiles())
@given(sequence=SEQUENCES, topology=TOPOLOGIES)
def test_the_verdict_the_counts_and_the_broken_rules_agree(screen, profile, sequence, topology):
    result = screen(sequence, topology=topology, profile=profile)
    assert result["meets_profile"] == (not result["broken"]) == (not any(result["counts"].values()))
    assert {broken["rule"]: broken["span_count"] for broken in result["broken"]} == {
        rule: count for rule, count in result["counts"].items() if count
    }
