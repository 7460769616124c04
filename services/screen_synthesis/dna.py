"""DNA as arrays: bases, words and stretches of it, on a line or on a circle. Positions here count from 0."""

from __future__ import annotations

import dataclasses
import functools
from typing import Self

import numpy as np
from numpy.typing import NDArray

from foundry.contract.sequence import IUPAC_DNA

type Ints = NDArray[np.int64]
type Mask = NDArray[np.bool_]

#: What each IUPAC code may stand for (Nomenclature Committee of the IUB, 1984), as a set of bits: A 1, C 2, G 4, T 8.
IUPAC_BITS = dict(zip(IUPAC_DNA, (1, 2, 4, 8, 5, 10, 6, 9, 12, 3, 14, 13, 11, 7, 15), strict=True))

_COMPLEMENT = str.maketrans(IUPAC_DNA, "TGCAYRSWMKVHDBN")
_AMBIGUOUS = 4


def _table(values: dict[str, int]) -> NDArray[np.uint8]:
    table = np.zeros(128, np.uint8)
    for code, value in values.items():
        table[ord(code)] = value
    return table


_BITS = _table(IUPAC_BITS)
_BASES = _table({**dict.fromkeys(IUPAC_DNA, _AMBIGUOUS), "A": 0, "C": 1, "G": 2, "T": 3})


def reverse_complement(sequence: str) -> str:
    """The other strand, 5' to 3'; ambiguity codes are complemented too."""
    return sequence.translate(_COMPLEMENT)[::-1]


@dataclasses.dataclass(frozen=True)
class Dna:
    """A sequence over the IUPAC alphabet, upper case, with its topology."""

    sequence: str
    circular: bool

    def __len__(self) -> int:
        return len(self.sequence)

    @functools.cached_property
    def _letters(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.sequence.encode(), np.uint8)

    @functools.cached_property
    def bits(self) -> NDArray[np.uint8]:
        """What each position may be, as in IUPAC_BITS."""
        return _BITS[self._letters]

    @functools.cached_property
    def bases(self) -> NDArray[np.uint8]:
        """0 to 3 for A, C, G and T, so that 3 - base is the complement; 4 for an ambiguity code."""
        return _BASES[self._letters]

    @functools.cached_property
    def ambiguous(self) -> Mask:
        """Where the ambiguity codes stand."""
        return np.equal(self.bases, _AMBIGUOUS)

    @functools.cached_property
    def ambiguous_count(self) -> int:
        """How many positions are ambiguity codes."""
        return int(np.count_nonzero(self.ambiguous))

    def extended(self, size: int) -> str:
        """The sequence as a text to find patterns of `size` in; see `windows`."""
        if len(self) < size:
            return ""
        return self.sequence + self.sequence[: size - 1] if self.circular else self.sequence

    def windows[T: np.generic](self, values: NDArray[T], size: int) -> NDArray[T]:
        """One value a base, laid out for windows of `size`: on a circle its start is repeated behind its end.

        Nothing is left of a sequence that is shorter than the window.
        """
        if len(self) < size:
            return values[:0]
        return np.concatenate((values, values[: size - 1])) if self.circular else values


@dataclasses.dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of a sequence by their first positions and lengths, in order; on a circle they may pass the end."""

    starts: Ints
    lengths: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, chosen: Mask) -> Self:
        return dataclasses.replace(self, starts=self.starts[chosen], lengths=self.lengths[chosen])


def runs(mask: Mask, *, circular: bool) -> Spans:
    """The runs of True. On a circle, a run that crosses the origin is one run."""
    padded = np.concatenate(([False], mask, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    if circular and len(starts) > 1 and mask[0] and mask[-1]:
        lengths[-1] += lengths[0]
        starts, lengths = starts[1:], lengths[1:]
    return Spans(starts, lengths)


def merge(spans: Spans, dna: Dna) -> Spans:
    """The stretches that the spans cover: those that overlap or adjoin become one."""
    if not len(spans):
        return spans
    size = len(dna)
    opened = np.bincount(spans.starts, minlength=2 * size + 1)
    closed = np.bincount(spans.starts + spans.lengths, minlength=2 * size + 1)
    covered = np.cumsum(opened - closed)[:-1] > 0
    return runs(covered[:size] | covered[size:], circular=dna.circular)


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """The words of a sequence that are free of ambiguity codes, as numbers of two bits a base."""

    #: Where each word starts, in order.
    at: Ints
    #: The word as it stands.
    forward: NDArray[np.uint64]
    #: Its reverse complement.
    reverse: NDArray[np.uint64]

    @classmethod
    def of(cls, dna: Dna, size: int) -> Self:
        """All words of `size` bases, at most 32."""
        bases = dna.windows(dna.bases, size)
        forward, reverse = _pack(bases, size), _pack(3 - bases[::-1], size)[::-1]
        words = cls(np.arange(len(forward)), forward, reverse)
        return words[window_sums(bases == _AMBIGUOUS, size) == 0] if dna.ambiguous_count else words

    def __getitem__(self, chosen: Mask) -> Self:
        return dataclasses.replace(self, at=self.at[chosen], forward=self.forward[chosen], reverse=self.reverse[chosen])

    def repeated(self) -> Self:
        """Those that occur at another place too, on either strand."""
        either = np.minimum(self.forward, self.reverse)
        ordered = np.sort(either)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        return self[np.isin(either, twice)]


def _pack(bases: NDArray[np.uint8], size: int) -> NDArray[np.uint64]:
    """The word of `size` bases that starts at each place, by doubling: as many steps as `size` has binary digits."""
    single = (bases & 3).astype(np.uint64)
    packed, length = single, 1
    for digit in f"{size:b}"[1:]:
        packed = (packed[:-length] << np.uint64(2 * length)) | packed[length:]
        length *= 2
        if digit == "1":
            packed = (packed[:-1] << np.uint64(2)) | single[length:]
            length += 1
    return packed


def window_sums(mask: Mask, size: int) -> Ints:
    """How many True each window of `size` has."""
    total = np.concatenate(([0], np.cumsum(mask)))
    return total[size:] - total[:-size]
