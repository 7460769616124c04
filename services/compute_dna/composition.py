"""What a molecule is made of: base counts, GC content and skew, GC in windows, molecular weight."""

from __future__ import annotations

import functools

import numpy as np

from services.compute_dna.batch import LETTERS, MEANINGS, SEPARATOR, Array, Batch
from services.compute_dna.schema import GCWindows, MolecularWeight, Window

#: Mass of each base as a nucleotide 5'-monophosphate and of the water a bond sets free, in Da: Biopython's values.
_MASSES = {"A": 331.2218, "C": 307.1971, "G": 347.2212, "T": 322.2085}
_WATER = 18.0153
_IS_GC = np.isin(list(LETTERS + "-"), list("GCS"))
_IS_SETTLED = np.isin(list(LETTERS + "-"), list("ACGTSW"))
#: Window values are fractions in units of 2**-20, finer than any two fractions of windows up to 1000 bases differ.
_FRACTION_BITS = 20


def letter_counts(batch: Batch) -> Array:
    """How often each of the sixteen symbols occurs, separators aside: (molecules, 16)."""
    cells = (batch.owner << 4) | batch.symbols
    counts = np.bincount(cells[batch.inside], minlength=len(batch) * 16)
    return counts.reshape(len(batch), 16)


def gc_contents(counts: Array) -> list[float | None]:
    """(G + C + S) / (A + C + G + T + S + W), as Biopython's gc_fraction(..., "remove")."""
    return _ratios(counts @ _IS_GC, counts @ _IS_SETTLED)


def gc_skews(counts: Array) -> list[float | None]:
    """(G - C) / (G + C) (Lobry 1996, Mol Biol Evol 13:660-665)."""
    c, g = counts[:, LETTERS.index("C")], counts[:, LETTERS.index("G")]
    return _ratios(g - c, g + c)


def _ratios(numerators: Array, denominators: Array) -> list[float | None]:
    ratios = np.round(numerators / np.maximum(denominators, 1), 6).tolist()
    return [ratio if some else None for ratio, some in zip(ratios, denominators.tolist(), strict=True)]


def molecular_weights(batch: Batch, counts: Array) -> list[MolecularWeight]:
    """As Biopython's molecular_weight, with an ambiguity code as the mean of its bases."""
    watson, both = _mean_masses()
    bonds = batch.lengths - ~batch.circular
    single = np.round(counts @ watson - bonds * _WATER, 2).tolist()
    double = np.round(counts @ both - 2 * bonds * _WATER, 2).tolist()
    return [MolecularWeight(single_stranded=s, double_stranded=d) for s, d in zip(single, double, strict=True)]


@functools.cache
def _mean_masses() -> tuple[Array, Array]:
    """Mass of each symbol, and of each symbol with the one that pairs with it."""
    pairs = dict(zip("ACGT", "TGCA", strict=True))
    watson = [sum(_MASSES[base] for base in bases) / len(bases) for bases in MEANINGS]
    crick = [sum(_MASSES[pairs[base]] for base in bases) / len(bases) for bases in MEANINGS]
    return np.array([*watson, 0.0]), np.array([*watson, 0.0]) + np.array([*crick, 0.0])


def gc_windows(batch: Batch, window: int) -> list[GCWindows | None]:
    """The windows of least and most GC content of each molecule, the first of equals."""
    if not (batch.lengths >= window).any():
        return [None] * len(batch)
    gc, settled = (_window_sums(table[batch.symbols], window) for table in (_IS_GC, _IS_SETTLED))
    usable = _full_windows(batch, window)[: len(gc)] & (settled > 0)
    fractions = (gc << _FRACTION_BITS) // np.maximum(settled, 1)
    least, most = _extremes(batch, fractions, usable)
    found = (least >= 0).tolist()
    rows = zip(found, _windows(batch, least, gc, settled), _windows(batch, most, gc, settled), strict=True)
    return [GCWindows(window=window, minimum=low, maximum=high) if some else None for some, low, high in rows]


def _window_sums(values: Array, window: int) -> Array:
    sums = np.zeros(len(values) + 1, dtype=np.int32)
    np.cumsum(values, out=sums[1:])
    return sums[window:] - sums[:-window]


def _full_windows(batch: Batch, window: int) -> Array:
    """True where a whole window begins: anywhere on a circle, on a line not in the last `window` - 1 bases."""
    full = batch.inside.copy()
    for start, length, circular in zip(
        batch.starts.tolist(), batch.lengths.tolist(), batch.circular.tolist(), strict=True
    ):
        if length < window or not circular:
            full[start + max(length - window + 1, 0) : start + length] = False
    return full


def _extremes(batch: Batch, fractions: Array, usable: Array) -> tuple[Array, Array]:
    """Where the first smallest and the first largest usable fraction of each molecule stand; -1 for none."""
    above = np.int32(2 << _FRACTION_BITS)
    return (
        _first_places(batch, np.where(usable, fractions, above), np.minimum, above),
        _first_places(batch, np.where(usable, fractions, -1), np.maximum, np.int32(-1)),
    )


def _first_places(batch: Batch, values: Array, extreme: np.ufunc, none: np.int32) -> Array:
    """Where the first extreme value of each molecule stands; -1 if it is `none`."""
    most = extreme.reduceat(values, batch.starts)
    reached = np.flatnonzero(values == np.repeat(most, batch.lengths + batch.margin)[: len(values)])
    return np.where(most == none, -1, reached[np.searchsorted(reached, batch.starts)])


def _windows(batch: Batch, places: Array, gc: Array, settled: Array) -> list[Window]:
    contents = np.round(gc[places] / np.maximum(settled[places], 1), 6).tolist()
    starts = (places - batch.starts + 1).tolist()
    return [Window(gc_content=content, start=start) for content, start in zip(contents, starts, strict=True)]


def ambiguous_counts(counts: Array) -> list[int]:
    ambiguous: list[int] = counts[:, 4:SEPARATOR].sum(axis=1).tolist()
    return ambiguous
