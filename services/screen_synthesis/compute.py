"""The screen: each sequence held against one profile."""

from __future__ import annotations

from collections.abc import Sequence

from foundry.contract import SequenceItem
from services.screen_synthesis.dna import Dna
from services.screen_synthesis.profile import Profile, Rule
from services.screen_synthesis.rules import Breach, Place, find
from services.screen_synthesis.schema import BrokenRule, Result, ScreenOptions, Span


def compute(items: Sequence[SequenceItem], options: ScreenOptions) -> list[Result]:
    """One result for each item, in their order."""
    profile = options.effective_profile()
    return [_screen(item, profile, options.max_spans) for item in items]


def _screen(item: SequenceItem, profile: Profile, max_spans: int) -> Result:
    dna = Dna(item.sequence, circular=item.topology == "circular")
    breaches = [(rule, find(rule, dna)) for rule in profile.rules]
    broken = [_broken(rule, breach, dna, max_spans) for rule, breach in breaches if breach]
    return Result(
        meets_profile=not broken,
        summary="; ".join(_summary(rule) for rule in broken),
        profile={"name": profile.name, "version": profile.version},
        length=len(dna),
        ambiguous_bases=dna.ambiguous_count,
        counts={rule.label: len(breach.places) if breach else 0 for rule, breach in breaches},
        broken=broken,
    )


def _summary(broken: BrokenRule) -> str:
    return broken["rule"] if broken["span_count"] == 1 else f"{broken['rule']} ×{broken['span_count']}"


def _broken(rule: Rule, breach: Breach, dna: Dna, max_spans: int) -> BrokenRule:
    return BrokenRule(
        rule=rule.label,
        kind=rule.kind,
        message=breach.message,
        hint=breach.hint or rule.hint,
        spans=[_span(place, len(dna)) for place in breach.places[:max_spans]],
        span_count=len(breach.places),
    )


def _span(place: Place, size: int) -> Span:
    end = place.start + place.length
    return Span(start=place.start + 1, end=end if end <= size else end - size, strand=place.strand)
