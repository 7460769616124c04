"""Melting temperatures of oligos by the nearest-neighbour method.

SantaLucia 1998, PNAS 95:1460-1465: the unified parameters of its table 2 (first published by Allawi and SantaLucia
1997, Biochemistry 36:10581-10594, as which Biopython has them: DNA_NN3) and its salt correction of the entropy
(equation 5; Biopython's method 5). Mg2+ counts as sodium equivalents after von Ahsen et al. 2001, Clin Chem 47:1956.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np

from services.compute_dna.batch import Array, Batch
from services.compute_dna.schema import MeltingTemperature, Options

#: The two-state model holds for short duplexes only.
SHORTEST, LONGEST = 8, 60

#: Enthalpy in kcal/mol and entropy in cal/(mol K) of a step 5'-XY-3' on its complement.
_STEPS = {
    "AA": (-7.9, -22.2),
    "AT": (-7.2, -20.4),
    "TA": (-7.2, -21.3),
    "CA": (-8.5, -22.7),
    "GT": (-8.4, -22.4),
    "CT": (-7.8, -21.0),
    "GA": (-8.2, -22.2),
    "CG": (-10.6, -27.2),
    "GC": (-9.8, -24.4),
    "GG": (-8.0, -19.9),
}
_COMPLEMENTS = {"TT": "AA", "TG": "CA", "AC": "GT", "AG": "CT", "TC": "GA", "CC": "GG"}
_END_AT, _END_GC = (2.3, 4.1), (0.1, -2.8)
_SYMMETRY = (0.0, -1.4)
_GAS_CONSTANT = 1.987  # cal/(mol K)
_ZERO_CELSIUS = 273.15


def melting_temperatures(batch: Batch, ambiguous: list[int], options: Options) -> list[MeltingTemperature]:
    temperatures = [
        MeltingTemperature(celsius=None, not_applicable=_objection(length, circular, unknown))
        for length, circular, unknown in zip(batch.lengths.tolist(), batch.circular.tolist(), ambiguous, strict=True)
    ]
    oligos = np.array([at for at, row in enumerate(temperatures) if row["not_applicable"] is None], dtype=np.intp)
    for at, celsius in zip(oligos.tolist(), _celsius(batch, oligos, options), strict=True):
        temperatures[at]["celsius"] = celsius
    return temperatures


def _objection(length: int, circular: bool, ambiguous: int) -> str | None:
    if length > LONGEST:
        return f"over {LONGEST} bases: the two-state nearest-neighbour model holds for oligos only"
    if circular:
        return "circular: strands without ends do not come apart"
    if length < SHORTEST:
        return f"under {SHORTEST} bases"
    return "ambiguity codes have no nearest-neighbour parameters" if ambiguous else None


def _celsius(batch: Batch, oligos: Array, options: Options) -> Iterator[float]:
    """Tm of the molecules numbered `oligos`, in their order."""
    if not len(oligos):
        return
    lengths = batch.lengths[oligos]
    places, valid = _table_of(batch.starts[oligos], lengths)
    bases = batch.symbols[places]
    steps = (bases[:, :-1] * 4 + bases[:, 1:]) & 15
    zipped = _step_energies()[steps] * valid[:, 1:, None]
    last = bases[np.arange(len(oligos)), lengths - 1]
    energies = zipped.sum(axis=1) + _end_energies()[bases[:, 0]] + _end_energies()[last]
    symmetric = _self_complementary(bases, lengths)
    yield from _temperatures(energies, lengths, symmetric, options).tolist()


def _table_of(starts: Array, lengths: Array) -> tuple[Array, Array]:
    """(oligos, longest) positions of their bases, and which of them are theirs; the others repeat the last."""
    columns = np.arange(lengths.max())
    return starts[:, None] + np.minimum(columns, lengths[:, None] - 1), columns < lengths[:, None]


def _self_complementary(bases: Array, lengths: Array) -> Array:
    mirror = np.maximum(lengths[:, None] - 1 - np.arange(bases.shape[1]), 0)
    mirrored = 3 - np.take_along_axis(bases, mirror, axis=1)
    theirs = np.arange(bases.shape[1]) < lengths[:, None]
    same: Array = ((bases == mirrored) | ~theirs).all(axis=1)
    return same


def _temperatures(energies: Array, lengths: Array, symmetric: Array, options: Options) -> Array:
    enthalpy, entropy = energies[:, 0], energies[:, 1] + np.where(symmetric, _SYMMETRY[1], 0)
    entropy = entropy + 0.368 * (lengths - 1) * math.log(_sodium_equivalents(options) * 1e-3)
    excess = np.where(symmetric, options.oligo_nM, options.oligo_nM - options.target_nM / 2) * 1e-9
    kelvin = 1000 * enthalpy / (entropy + _GAS_CONSTANT * np.log(excess))
    return np.round(kelvin - _ZERO_CELSIUS, 2)


def _sodium_equivalents(options: Options) -> float:
    """mM; free Mg2+ is what the dNTPs do not bind."""
    return options.sodium_mM + 120 * math.sqrt(max(options.magnesium_mM - options.dntp_mM, 0))


@functools.cache
def _step_energies() -> Array:
    """(16, 2): enthalpy and entropy by the 2-bit codes of both bases."""
    names = [first + second for first in "ACGT" for second in "ACGT"]
    return np.array([_STEPS[_COMPLEMENTS.get(name, name)] for name in names])


@functools.cache
def _end_energies() -> Array:
    """(4, 2): what a terminal pair adds, by the code of its base."""
    return np.array([_END_AT, _END_GC, _END_GC, _END_AT])
