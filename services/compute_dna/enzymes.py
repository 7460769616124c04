"""The commercial restriction enzymes of REBASE, as Bio.Restriction has them, and an index of their sites.

The index reads six bases at a time. A *word* is the base-6 number of six symbols, each A, C, G, T, an ambiguity code
or a separator. For every word it knows the sites that begin with it; a site of up to six bases is thereby found, a
longer one is confirmed by the word that ends it (none has more than twelve bases that are not N in the middle).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable

import numpy as np
from Bio.Restriction import CommOnly

from services.compute_dna.batch import LETTERS, MEANINGS, Array, reverse_complement

WORD = 6
WORDS = 6**WORD
_UNKNOWN = 4
_ANY_SYMBOL = list(range(6))

#: One name for each Type IIS site that assembly standards use (Golden Gate, MoClo, GoldenBraid, Loop).
ASSEMBLY_ENZYMES = ("BbsI", "BsaI", "BsmBI", "PaqCI", "SapI")


@dataclasses.dataclass(frozen=True, slots=True)
class Enzyme:
    """An enzyme and where it cuts: offsets from the first base of its site to the first base after the cut of the
    strand on which the site reads, and to the same of the other strand counted from the site's end, as REBASE has
    them; a double cutter has a second pair."""

    name: str
    site: str
    cuts: tuple[tuple[int, int], ...]
    #: How many companies sell it.
    suppliers: int

    @property
    def type_iis(self) -> bool:
        """It cuts once, outside a site that is no palindrome (Szybalski et al. 1991, Gene 100:13-26)."""
        offsets = (self.cuts[0][0], len(self.site) + self.cuts[0][1])
        return not _same(self.site) and len(self.cuts) == 1 and not all(0 <= at <= len(self.site) for at in offsets)

    def positions(self, start: int, strand: int) -> list[tuple[int, int]]:
        """1-based first bases after the cuts of the given strand and of its complement, for a site that begins at the
        1-based `start`; not wrapped, so possibly beyond the ends."""
        end = start + len(self.site)
        if strand > 0:
            return [(start + five, end + three) for five, three in self.cuts]
        return [(start - three, end - five) for five, three in self.cuts]


@functools.cache
def commercial_enzymes() -> tuple[Enzyme, ...]:
    """By name."""
    return tuple(
        Enzyme(
            str(enzyme),
            enzyme.site,
            tuple(pair for pair in ((enzyme.fst5, enzyme.fst3), (enzyme.scd5, enzyme.scd3)) if pair[0] is not None),
            len(enzyme.suppl),
        )
        for enzyme in sorted(CommOnly, key=str)
    )


@functools.cache
def _by_name() -> dict[str, Enzyme]:
    return {enzyme.name: enzyme for enzyme in commercial_enzymes()}


def enzyme(name: str) -> Enzyme:
    return _by_name()[name]


def best_known(names: Iterable[str]) -> list[str]:
    """The names of enzymes, those that most companies sell first."""
    return sorted(names, key=lambda name: (-enzyme(name).suppliers, name))


@dataclasses.dataclass(frozen=True)
class WordTable:
    """Which strands begin with each word: `strands[first[w] : first[w] + count[w]]`."""

    count: Array
    first: Array
    strands: Array


@dataclasses.dataclass(frozen=True)
class SiteIndex:
    """Site strands (a site, and its reverse complement if that differs) by the words they begin with."""

    #: Distinct recognition sites.
    sites: tuple[str, ...]
    #: (2, enzymes): the strand on which each enzyme's site reads as given, and as the reverse complement; the same if
    #: it is a palindrome.
    strands_of_enzyme: Array
    #: For each strand: its site, whether it is the reverse complement, and its length in bases.
    site: Array
    reverse: Array
    length: Array
    #: Strands up to a word long, and the longer ones.
    short: WordTable
    long: WordTable
    #: The row of each longer strand in `endings`: (rows, WORDS), True where the word may end the strand.
    ending: Array
    endings: Array


@functools.cache
def site_index() -> SiteIndex:
    enzymes = commercial_enzymes()
    sites = tuple(sorted({enzyme.site for enzyme in enzymes}))
    strands = [(number, site, False) for number, site in enumerate(sites)]
    strands += [(number, reverse_complement(site), True) for number, site in enumerate(sites) if not _same(site)]
    texts = [text for _, text, _ in strands]
    at = {text: place for place, text in reversed(list(enumerate(texts)))}
    length = np.array([len(text) for text in texts], dtype=np.int16)
    beginnings = [_beginnings(text, sites[number]) for number, text, _ in strands]
    long = np.flatnonzero(length > WORD)
    ending = np.zeros(len(strands), dtype=np.int16)
    ending[long] = np.arange(len(long))
    endings = np.zeros((len(long), WORDS), dtype=bool)
    for row, strand in enumerate(long.tolist()):
        endings[row, _words(texts[strand][-WORD:])] = True
    return SiteIndex(
        sites=sites,
        strands_of_enzyme=np.array(
            [[at[one.site] for one in enzymes], [at[reverse_complement(one.site)] for one in enzymes]]
        ),
        site=np.array([number for number, _, _ in strands], dtype=np.int16),
        reverse=np.array([reverse for _, _, reverse in strands]),
        length=length,
        short=_word_table(beginnings, np.flatnonzero(length <= WORD)),
        long=_word_table(beginnings, long),
        ending=ending,
        endings=endings,
    )


def _word_table(beginnings: list[Array], chosen: Array) -> WordTable:
    words = np.concatenate([beginnings[strand] for strand in chosen.tolist()])
    strands = np.repeat(chosen.astype(np.int16), [len(beginnings[strand]) for strand in chosen.tolist()])
    count = np.bincount(words, minlength=WORDS)
    first = (np.cumsum(count) - count).astype(np.int32)
    return WordTable(count.astype(np.uint8), first, strands[np.argsort(words, kind="stable")])


def _same(site: str) -> bool:
    return site == reverse_complement(site)


def _beginnings(strand: str, site: str) -> Array:
    """Words that begin a site strand; the other strand's leave out those that already begin the site as given.

    So a place that reads as a short site on both strands (CCDG, CNNR) counts once; no longer site can read so.
    """
    words = _words(strand[:WORD])
    return words if strand == site or len(site) > WORD else np.setdiff1d(words, _words(site))


def _words(pattern: str) -> Array:
    """All words that a pattern of up to six letters matches at their beginning.

    As in Bio.Restriction, an N matches an ambiguity code of the sequence and nothing else does.
    """
    words = np.zeros(1, dtype=np.intp)
    for letter in pattern.ljust(WORD):
        words = (words[:, None] * 6 + _symbols(letter)).ravel()
    return words


def _symbols(letter: str) -> list[int]:
    if letter == " ":
        return _ANY_SYMBOL
    bases = ["ACGT".index(base) for base in MEANINGS[LETTERS.index(letter)]]
    return [*bases, _UNKNOWN] if letter == "N" else bases
