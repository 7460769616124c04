"""SEGUID v2 checksums of double-stranded DNA (Pereira et al. 2024, bioRxiv 2024.02.28.582384).

SHA-1 over the two strands joined by ';', the lexicographically smaller first, in URL-safe base 64; a circular
molecule is rotated first so that its smallest strand is in its smallest rotation.
"""

from __future__ import annotations

import base64
import hashlib

import numpy as np

from foundry.contract import Topology
from services.compute_dna.batch import LETTERS, Array, reverse_complement

#: So few rotations are compared letter by letter; more are thinned out first.
_FEW = 16
_STEP = 8
_SORTED = sorted(LETTERS)


def seguid(sequence: str, topology: Topology) -> str:
    """`ldseguid=...` or `cdseguid=...` of an upper-case sequence and its complement."""
    if topology == "circular":
        turned = min(least_rotation(sequence), least_rotation(reverse_complement(sequence)))
        return "cdseguid=" + _digest(turned, reverse_complement(turned))
    return "ldseguid=" + _digest(sequence, reverse_complement(sequence))


def _digest(watson: str, crick: str) -> str:
    strands = f"{watson};{crick}" if watson < crick else f"{crick};{watson}"
    sha1 = hashlib.sha1(strands.encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(sha1).decode().rstrip("=")


def least_rotation(sequence: str) -> str:
    """The lexicographically smallest rotation.

    It begins with the longest run of the smallest letter, which leaves few places to compare in nearly all DNA.
    """
    doubled = sequence + sequence
    smallest = next(letter for letter in _SORTED if letter in sequence)
    run = _longest_run(doubled, smallest, len(sequence))
    places = _occurrences(doubled, run, len(sequence))
    if len(places) > _FEW:
        places = _thinned_out(doubled, places, len(run))
    return min(doubled[place : place + len(sequence)] for place in places)


def _longest_run(text: str, letter: str, limit: int) -> str:
    """The longest run of `letter` in `text` up to `limit`, by bisection."""
    low, high = 1, 2
    while high <= limit and letter * high in text:
        low, high = high, high * 2
    high = min(high, limit + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if letter * middle in text else (low, middle)
    return letter * low


def _occurrences(text: str, word: str, limit: int) -> list[int]:
    """Where `word` begins in the first `limit` letters; it cannot overlap itself unless it fills the circle."""
    places = []
    place = text.find(word)
    while 0 <= place < limit:
        places.append(place)
        place = text.find(word, place + len(word))
    return places


def _thinned_out(doubled: str, places: list[int], length: int) -> list[int]:
    """The places that may still begin the smallest rotation, given that all agree in the first `length` letters.

    Compare eight letters more at a time and keep the smallest. Where places follow each other closer than the length
    they agree in, the text between them is periodic, and the smallest is the first or the last of such a row; with
    only those kept, n / length places are left and the whole takes O(n log n).
    """
    size = len(doubled) // 2
    letters = np.frombuffer((doubled + doubled[:_STEP]).encode(), dtype=np.uint8)
    words = np.lib.stride_tricks.sliding_window_view(letters, _STEP)
    left = np.array(places)
    while len(left) > _FEW and length < size:
        following = np.ascontiguousarray(words[left + length]).view(">u8").ravel()
        left = _row_ends(left[following == following.min()], length + _STEP)
        length += _STEP
    kept: list[int] = left.tolist()
    return kept


def _row_ends(places: Array, reach: int) -> Array:
    """`places` without the inner ones of every row of equal steps shorter than `reach`."""
    if len(places) < 3:
        return places
    steps = np.diff(places)
    inner = (steps[1:] == steps[:-1]) & (steps[1:] < reach)
    return places[np.concatenate(([True], ~inner, [True]))]
