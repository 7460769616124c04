"""What each kind of rule looks for: `find(rule, dna)` says where a sequence breaks it.

A rule is broken only where it is broken whichever bases the ambiguity codes stand for. On a circle, everything is
looked for across the origin too, and nothing is longer than once around.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from services.screen_synthesis import profile
from services.screen_synthesis.dna import (
    IUPAC_BITS,
    Dna,
    Mask,
    Spans,
    Words,
    merge,
    reverse_complement,
    runs,
    window_sums,
)

type Strand = Literal["forward", "reverse", "both"]

_GC = IUPAC_BITS["S"]
_AT = IUPAC_BITS["W"]


class Place(NamedTuple):
    """A stretch that breaks a rule; `start` counts from 0."""

    start: int
    length: int
    strand: Strand


@dataclasses.dataclass(frozen=True, slots=True)
class Breach:
    """How a sequence breaks a rule."""

    message: str
    places: Sequence[Place]
    #: What to do about it, where that is known better than from the rule alone.
    hint: str = ""


@functools.singledispatch
def find(rule: profile.Rule, dna: Dna) -> Breach | None:
    """How the sequence breaks the rule, or None if it does not."""
    raise TypeError(f"no search is written for rules of kind {rule.kind!r}")


@find.register
def _(rule: profile.LengthRule, dna: Dna) -> Breach | None:
    if rule.minimum <= len(dna) <= rule.maximum:
        return None
    return _everywhere(f"The sequence has {len(dna)} bases, not {rule.minimum} to {rule.maximum}.", dna)


@find.register
def _(rule: profile.AmbiguityRule, dna: Dna) -> Breach | None:
    if not dna.ambiguous_count:
        return None
    codes = ", ".join(sorted(set(dna.sequence) - set("ACGT")))
    return _breach(
        f"{_count(dna.ambiguous_count, 'base is', 'bases are')} given by ambiguity codes ({codes}).",
        runs(dna.ambiguous, circular=dna.circular),
    )


@find.register
def _(rule: profile.PatternRule, dna: Dna) -> Breach | None:
    places = sorted(_matches(rule, dna))
    if not places:
        return None
    return Breach(f"{rule.name} ({rule.pattern}) occurs in {_count(len(places), 'place')}.", places)


def _matches(rule: profile.PatternRule, dna: Dna) -> Iterator[Place]:
    size = len(rule.pattern)
    text = dna.extended(size)
    other = reverse_complement(rule.pattern)
    for start in _starts(rule.pattern, text):
        yield Place(start, size, "forward")
    if rule.strands == "both" and other != rule.pattern:
        for start in _starts(other, text):
            yield Place(start, size, "reverse")


def _starts(pattern: str, text: str) -> Iterator[int]:
    """Where the pattern matches, overlapping matches too."""
    search = _compiled(pattern).search
    match = search(text)
    while match:
        yield match.start()
        match = search(text, match.start() + 1)


@functools.lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern code matches every code that stands for none but its own bases: R matches R, A and G, but not N."""
    return re.compile("".join(f"[{''.join(_within(IUPAC_BITS[code]))}]" for code in pattern))


def _within(bits: int) -> list[str]:
    return [code for code, possible in IUPAC_BITS.items() if possible & ~bits == 0]


@find.register
def _(rule: profile.TandemRepeatRule, dna: Dna) -> Breach | None:
    """A stretch in which each base equals the one a unit further on is a repeat of that unit."""
    if rule.unit * rule.copies > len(dna):
        return None
    bases = dna.windows(dna.bases, rule.unit + 1)
    equal = bases[: -rule.unit] == bases[rule.unit :]
    if dna.ambiguous_count:
        equal &= ~dna.ambiguous[: len(equal)]
    repeats = runs(equal, circular=dna.circular)
    repeats = repeats[repeats.lengths >= rule.unit * (rule.copies - 1)]
    lengths = np.minimum(repeats.lengths + rule.unit, len(dna))
    if not len(repeats):
        return None
    return _breach(
        f"{_UNITS.get(rule.unit, f'A unit of {rule.unit} bases')} is repeated {rule.copies} times or more"
        f" in {_count(len(repeats), 'place')}; the longest stretch has {lengths.max()} bases.",
        dataclasses.replace(repeats, lengths=lengths),
    )


_UNITS = {1: "One base", 2: "A dinucleotide", 3: "A trinucleotide"}


@find.register
def _(rule: profile.HairpinRule, dna: Dna) -> Breach | None:
    hairpins = merge(_widest_hairpins(rule, dna), dna)
    if not len(hairpins):
        return None
    return _breach(
        f"The strand can fold back on itself in {_count(len(hairpins), 'place')}: {rule.stem} bases or more"
        f" and their reverse complement lie within {rule.window} bases.",
        hairpins,
    )


def _widest_hairpins(rule: profile.HairpinRule, dna: Dna) -> Spans:
    """For each word, the hairpin to the farthest reverse complement of it downstream and within the window.

    Words are ranked, so that rank and position fit one sorted key; the farthest partner is the last key of the word's
    rank that is within reach. Time n log n, however repetitive the sequence is.
    """
    words = Words.of(dna, rule.stem).repeated()
    size, at = len(dna), words.at
    reach = min(rule.window, size) - rule.stem
    if not len(at) or reach < rule.stem:
        return Spans(at[:0], at[:0])
    ranks = np.unique(np.concatenate((words.forward, words.reverse)), return_inverse=True)[1] * (3 * size)
    rank, partner_rank = ranks[: len(at)], ranks[len(at) :]
    turns = (0, size) if dna.circular else (0,)
    keys = np.sort(np.concatenate([partner_rank + at + turn for turn in turns]))
    farthest = keys[np.searchsorted(keys, rank + at + reach, side="right") - 1] - rank
    fits = (farthest >= at + rule.stem) & (farthest <= at + reach)
    return Spans(at[fits], (farthest - at)[fits] + rule.stem)


@find.register
def _(rule: profile.GcContentRule, dna: Dna) -> Breach | None:
    return _gc_of_windows(rule, rule.window, dna) if rule.window else _gc_of_all(rule, dna)


def _gc_bounds(dna: Dna) -> tuple[Mask, Mask]:
    """Where the base is certainly G or C, and where it may be."""
    return dna.bits & _AT == 0, dna.bits & _GC != 0


def _gc_of_all(rule: profile.GcContentRule, dna: Dna) -> Breach | None:
    certain, possible = (np.count_nonzero(mask) / len(dna) for mask in _gc_bounds(dna))
    low, high = (f"{100 * bound:.4g} %" for bound in (rule.minimum, rule.maximum))
    if possible < rule.minimum:
        return _everywhere(f"The GC content is {_percent(possible)}, below the {low} allowed.", dna, _RAISE_GC)
    if certain > rule.maximum:
        return _everywhere(f"The GC content is {_percent(certain)}, above the {high} allowed.", dna, _LOWER_GC)
    return None


def _gc_of_windows(rule: profile.GcContentRule, window: int, dna: Dna) -> Breach | None:
    certain, possible = (window_sums(dna.windows(mask, window), window) / window for mask in _gc_bounds(dna))
    starts = np.flatnonzero((possible < rule.minimum) | (certain > rule.maximum))
    if not len(starts):
        return None
    stretches = merge(Spans(starts, np.full(len(starts), window)), dna)
    return _breach(
        f"Windows of {window} bases leave {rule.bounds} GC in {_count(len(stretches), 'place')};"
        f" the lowest has {_percent(possible.min())} and the highest {_percent(certain.max())}.",
        stretches,
        _gc_hint(too_low=bool(possible.min() < rule.minimum), too_high=bool(certain.max() > rule.maximum)),
    )


_RAISE_GC = "Raise the GC content of the stretch; in a coding sequence, by synonymous codons."
_LOWER_GC = "Lower the GC content of the stretch; in a coding sequence, by synonymous codons."


def _gc_hint(*, too_low: bool, too_high: bool) -> str:
    if too_low and too_high:
        return ""
    return _RAISE_GC if too_low else _LOWER_GC


@find.register
def _(rule: profile.UniqueKmersRule, dna: Dna) -> Breach | None:
    starts = Words.of(dna, rule.k).repeated().at
    if not len(starts):
        return None
    stretches = merge(Spans(starts, np.full(len(starts), rule.k)), dna)
    return _breach(
        f"Words of {rule.k} bases occur more than once, counting both strands:"
        f" {_count(int(stretches.lengths.sum()), 'base')} in {_count(len(stretches), 'place')}.",
        stretches,
    )


def _everywhere(message: str, dna: Dna, hint: str = "") -> Breach:
    return Breach(message, [Place(0, len(dna), "both")], hint)


def _breach(message: str, spans: Spans, hint: str = "") -> Breach:
    pairs = zip(spans.starts.tolist(), spans.lengths.tolist(), strict=True)
    return Breach(message, [Place(start, length, "both") for start, length in pairs], hint)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
