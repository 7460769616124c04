"""A span really is the offence, and nothing else is one: each kind against the plainest search there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.screen_synthesis.dna import reverse_complement

#: Few letters and short sequences, so that trouble is frequent.
SEQUENCES = st.one_of(st.text("ACGT", min_size=1, max_size=60), st.text("AT", min_size=1, max_size=40))
TOPOLOGIES = st.sampled_from(["linear", "circular"])


def starts(sequence, topology, size):
    """Where a stretch of `size` can start, each with the stretch; none is longer than the sequence."""
    if size > len(sequence):
        return
    text = sequence * 2 if topology == "circular" else sequence
    for start in range(len(sequence) if topology == "circular" else len(sequence) - size + 1):
        yield start, text[start : start + size]


def positions(found, size, sequence):
    return {position % len(sequence) for start in found for position in range(start, start + size)}


@given(SEQUENCES, TOPOLOGIES, st.integers(1, 4), st.integers(2, 5))
def test_tandem_repeats(broken, covered, sequence, topology, unit, copies):
    found = broken(sequence, {"kind": "tandem_repeat", "unit": unit, "copies": copies}, topology)
    size = unit * copies
    naive = [start for start, part in starts(sequence, topology, size) if part == part[:unit] * copies]
    assert covered(found, len(sequence)) == positions(naive, size, sequence)


@given(SEQUENCES, TOPOLOGIES, st.integers(6, 9))
def test_repeated_words(broken, covered, sequence, topology, k):
    found = broken(sequence, {"kind": "unique_kmers", "k": k}, topology)
    words = [(start, min(word, reverse_complement(word))) for start, word in starts(sequence, topology, k)]
    naive = [start for start, word in words if [other for _, other in words].count(word) > 1]
    assert covered(found, len(sequence)) == positions(naive, k, sequence)


@given(SEQUENCES, TOPOLOGIES, st.integers(4, 6), st.integers(12, 70))
def test_hairpins(broken, covered, sequence, topology, stem, window):
    found = broken(sequence, {"kind": "hairpin", "stem": stem, "window": window}, topology)
    naive = {
        position
        for size in range(2 * stem, min(window, len(sequence)) + 1)
        for start, part in starts(sequence, topology, size)
        if part[:stem] == reverse_complement(part[-stem:])
        for position in positions([start], size, sequence)
    }
    assert covered(found, len(sequence)) == naive


@given(SEQUENCES, TOPOLOGIES, st.integers(10, 30), st.floats(0, 0.5), st.floats(0.5, 1))
def test_gc_windows(broken, covered, sequence, topology, window, low, high):
    rule = {"kind": "gc_content", "minimum": low, "maximum": high, "window": window}
    found = broken(sequence, rule, topology)
    naive = [
        start
        for start, part in starts(sequence, topology, window)
        if not low <= (part.count("G") + part.count("C")) / window <= high
    ]
    assert covered(found, len(sequence)) == positions(naive, window, sequence)


@given(SEQUENCES, TOPOLOGIES, st.text("ACGTN", min_size=2, max_size=5))
def test_patterns(broken, sequence, topology, pattern):
    def is_match(part, motif):
        return all(code in ("N", base) for code, base in zip(motif, part, strict=True))

    found = broken(sequence, {"kind": "pattern", "name": "it", "pattern": pattern}, topology)
    other = reverse_complement(pattern)
    motifs = {"forward": pattern} | ({"reverse": other} if other != pattern else {})
    naive = [
        (start, strand)
        for start, part in starts(sequence, topology, len(pattern))
        for strand, motif in motifs.items()
        if is_match(part, motif)
    ]
    spans = found["spans"] if found else []
    assert [(span["start"] - 1, span["strand"]) for span in spans] == naive
    assert all((span["end"] - span["start"] + 1) % len(sequence) == len(pattern) % len(sequence) for span in spans)


@pytest.mark.parametrize(
    ("sequence", "topology", "span"),
    [
        ("ACGTGGTCTCACGT", "linear", {"start": 5, "end": 10, "strand": "forward"}),
        ("ACGTGAGACCACGT", "linear", {"start": 5, "end": 10, "strand": "reverse"}),
        ("CTCACGTTTACGGGT", "circular", {"start": 13, "end": 3, "strand": "forward"}),
        ("GGTCTC", "circular", {"start": 1, "end": 6, "strand": "forward"}),
        ("TCTCGG", "circular", {"start": 5, "end": 4, "strand": "forward"}),
    ],
)
def test_spans_count_from_one_and_end_before_they_start_across_the_origin(broken, sequence, topology, span):
    assert broken(sequence, {"kind": "pattern", "name": "BsaI", "pattern": "GGTCTC"}, topology)["spans"] == [span]


def test_a_site_across_the_origin_is_none_on_a_line(broken):
    assert broken("CTCACGTTTACGGGT", {"kind": "pattern", "name": "BsaI", "pattern": "GGTCTC"}) is None


def test_a_palindrome_is_found_once_and_a_pattern_of_one_strand_on_that_one(broken):
    palindrome = {"kind": "pattern", "name": "EcoRI", "pattern": "GAATTC"}
    assert broken("ACGAATTCAC", palindrome)["span_count"] == 1
    given_strand = {"kind": "pattern", "name": "G run", "pattern": "GGGG", "strands": "given"}
    assert broken("ACCCCA", given_strand) is None
    assert broken("AGGGGA", given_strand)["span_count"] == 1


def test_a_homopolymer_is_one_span_however_long(broken):
    found = broken("ACG" + "T" * 12 + "ACG", {"kind": "tandem_repeat", "unit": 1, "copies": 8})
    assert found["spans"] == [{"start": 4, "end": 15, "strand": "both"}]
    assert "12 bases" in found["message"]


def test_a_circle_of_one_base_is_one_span_once_around(broken):
    rule = {"kind": "tandem_repeat", "unit": 1, "copies": 8}
    assert broken("A" * 9, rule, "circular")["spans"] == [{"start": 1, "end": 9, "strand": "both"}]


def test_length_and_overall_gc_content_concern_the_whole(broken):
    whole = [{"start": 1, "end": 8, "strand": "both"}]
    assert broken("ACGTACGT", {"kind": "length", "minimum": 9, "maximum": 20})["spans"] == whole
    assert broken("ACGTACGT", {"kind": "length", "maximum": 7})["spans"] == whole
    assert broken("ACGTACGT", {"kind": "length", "minimum": 8, "maximum": 8}) is None
    assert broken("GCGCGCGT", {"kind": "gc_content", "minimum": 0.3, "maximum": 0.7})["spans"] == whole


@pytest.mark.parametrize(
    ("sequence", "window", "message", "hint"),
    [
        ("G" * 20, None, "The GC content is 100.00 %, above the 70 % allowed.", "Lower the GC content"),
        ("A" * 20, None, "The GC content is 0.00 %, below the 30 % allowed.", "Raise the GC content"),
        ("G" * 20, 10, "Windows of 10 bases leave 30-70 % GC", "Lower the GC content"),
        ("A" * 20, 10, "Windows of 10 bases leave 30-70 % GC", "Raise the GC content"),
        (
            "A" * 20 + "G" * 20,
            10,
            "Windows of 10 bases leave 30-70 % GC",
            "Bring the GC content of each stretch within",
        ),
    ],
)
def test_which_way_the_gc_content_must_go_is_said(broken, sequence, window, message, hint):
    found = broken(sequence, {"kind": "gc_content", "minimum": 0.3, "maximum": 0.7, "window": window})
    assert found["message"].startswith(message)
    assert found["hint"].startswith(hint)


def test_the_summary_names_the_broken_rules_and_counts_their_places(screen):
    site = {"kind": "pattern", "name": "BsaI site", "pattern": "GGTCTC"}
    rules = [site, {"kind": "length", "maximum": 20}, {"kind": "ambiguity"}]
    assert screen("GGTCTCACACGGTCTCACACACAC", *rules)["summary"] == "BsaI site ×2; length 1-20 bp"
    assert screen("GGTCACACAC", *rules)["summary"] == ""


def test_a_bound_itself_is_within_bounds(broken):
    rule = {"kind": "gc_content", "minimum": 0.3, "maximum": 0.7}
    assert broken("GGGAAAAAAA", rule) is None
    assert broken("GGGGGGGAAA", rule) is None
    assert broken("GGAAAAAAAA", rule)
    assert broken("GGGGGGGGAA", rule)


def test_spans_are_capped_and_counted(screen):
    rule = {"kind": "pattern", "name": "CG", "pattern": "CG"}
    result = screen("ACGT" * 50, rule, max_spans=3)
    assert len(result["broken"][0]["spans"]) == 3
    assert result["broken"][0]["span_count"] == result["counts"]["CG"] == 50


# Ambiguity codes: broken only where it is broken whichever bases they stand for


def test_ambiguity_codes_break_a_rule_of_their_own(broken):
    found = broken("NNACGTRACGTN", {"kind": "ambiguity"}, "circular")
    assert found["spans"] == [{"start": 7, "end": 7, "strand": "both"}, {"start": 12, "end": 2, "strand": "both"}]
    assert "4 bases" in found["message"]
    assert "N, R" in found["message"]


@pytest.mark.parametrize(
    ("sequence", "is_broken"),
    [("GGTCTN", False), ("GGTCTC", True), ("RATTC", False), ("AATTY", False)],
)
def test_a_site_that_only_may_be_there_is_not_counted(broken, sequence, is_broken):
    assert bool(broken(sequence, {"kind": "pattern", "name": "BsaI", "pattern": "GGTCTC"})) == is_broken


def test_a_pattern_code_covers_the_codes_within_it(broken):
    rule = {"kind": "pattern", "name": "RAY", "pattern": "RAY", "strands": "given"}
    assert broken("RAY", rule)
    assert broken("AAC", rule)
    assert broken("NAY", rule) is None


def test_ambiguity_codes_interrupt_runs_words_and_hairpins(broken):
    assert broken("AAAANAAA", {"kind": "tandem_repeat", "unit": 1, "copies": 8}) is None
    assert broken("N" * 20, {"kind": "tandem_repeat", "unit": 1, "copies": 8}, "circular") is None
    assert broken("N" * 40, {"kind": "unique_kmers", "k": 15}) is None
    assert broken("GATTNCATTTTGNAATC", {"kind": "hairpin", "stem": 6, "window": 20}) is None


@given(st.text("ACGTRYSWKMBDHVN", min_size=10, max_size=40), st.floats(0, 0.5), st.floats(0.5, 1))
def test_gc_content_is_out_of_bounds_only_if_no_reading_is_within(broken, sequence, low, high):
    found = broken(sequence, {"kind": "gc_content", "minimum": low, "maximum": high})
    certain = sum(code in "GCS" for code in sequence) / len(sequence)
    possible = sum(code not in "ATW" for code in sequence) / len(sequence)
    assert bool(found) == (certain > high or possible < low)
