"""The computation: molecules and options to profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.compute_dna import composition, hairpins, melting, orfs, repeats, restriction, runs, words
from services.compute_dna.batch import batch_of
from services.compute_dna.checksum import seguid
from services.compute_dna.schema import Item, Options, Result

#: Bases that are computed on at once: enough to spread the cost of a call, few enough to stay in the cache.
_TOGETHER = 250_000


def compute(items: Sequence[Item], options: Options) -> list[Result]:
    """One profile for each item; an item's is the same whatever items come with it."""
    return [result for group in _groups(items) for result in _profiles(group, options)]


def _groups(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Items in their order, in groups of about `_TOGETHER` bases; a longer one stands alone."""
    group: list[Item] = []
    bases = 0
    for item in items:
        if group and bases + len(item.sequence) > _TOGETHER:
            yield group
            group, bases = [], 0
        group.append(item)
        bases += len(item.sequence)
    if group:
        yield group


def _profiles(items: list[Item], options: Options) -> Iterator[Result]:
    batch = batch_of(items, _margin(options))
    counts = composition.letter_counts(batch)
    ambiguous = composition.ambiguous_counts(counts)
    twice = words.repeated_words(batch, options.repeat_minimum)
    columns = zip(
        items,
        ambiguous,
        composition.gc_contents(counts),
        composition.gc_skews(counts),
        composition.gc_windows(batch, options.gc_window),
        composition.molecular_weights(batch, counts),
        melting.melting_temperatures(batch, ambiguous, options),
        *orfs.find_orfs(batch, options),
        restriction.restriction_profiles(batch),
        runs.find_homopolymers(batch, options),
        runs.find_tandem_repeats(batch, twice, options),
        repeats.find_repeats(batch, twice, options),
        hairpins.find_hairpins(batch, options),
        strict=True,
    )
    for item, unknown, gc, skew, windows, weight, tm, frames, cai, sites, same, tandem, repeated, stems in columns:
        yield Result(
            length=len(item.sequence),
            topology=item.topology,
            ambiguous=unknown,
            gc_content=gc,
            gc_skew=skew,
            gc_windows=windows,
            molecular_weight=weight,
            melting_temperature=tm,
            checksum=seguid(item.sequence, item.topology),
            orfs=frames,
            codon_adaptation=cai,
            restriction=sites,
            homopolymers=same,
            tandem_repeats=tandem,
            repeats=repeated,
            hairpins=stems,
        )


def _margin(options: Options) -> int:
    """Bases to read on from any base: the longest window, word, site, tract or seed of a stem."""
    return max(options.gc_window, options.homopolymer_minimum, runs.LONGEST_SEED, hairpins.margin(options))
