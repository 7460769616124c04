"""Genetic codes and codon usage as lookup tables over all codons, those with ambiguity codes included.

A codon's number is its three symbols in base 16, so that it can be made of a batch by shifts. `reverse` tables are
read at the same place for the codon on the other strand.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import python_codon_tables
from Bio.Data import CodonTable

from services.compute_dna.batch import LETTERS, MEANINGS, Array

#: Flags of a codon: what it is on the given strand and on the other one.
START, STOP, REVERSE_START, REVERSE_STOP = 1, 2, 4, 8

_BASES = "ACGT"
#: Codons of the 64 in the order of their 2-bit codes.
_CODONS = [a + b + c for a in _BASES for b in _BASES for c in _BASES]
#: Ambiguous amino acids, as Biopython translates codons that may be either (IUPAC-IUB 1983).
_EITHER = {frozenset("DN"): "B", frozenset("EQ"): "Z", frozenset("IL"): "J"}


@dataclasses.dataclass(frozen=True)
class Code:
    """A genetic code: (4096,) arrays by codon number."""

    flags: Array
    #: One-letter amino acids as bytes, for both strands: (2, 4096).
    amino_acids: Array


@functools.cache
def genetic_code(table: int, start_codons: str) -> Code:
    """NCBI table `table`. A codon with ambiguity codes starts or stops if all its meanings do.

    Where a table lets a codon be stop or amino acid, it ends a reading frame.
    """
    ncbi = CodonTable.unambiguous_dna_by_id[table]
    starts = ["ATG"] if start_codons == "ATG" else ncbi.start_codons
    start, stop = (_certain(np.isin(_CODONS, codons)) for codons in (starts, ncbi.stop_codons))
    forward_flags = start * START + stop * STOP
    reverse_flags = _other_strand(start) * REVERSE_START + _other_strand(stop) * REVERSE_STOP
    translated = _translations([ncbi.forward_table.get(codon, "*") for codon in _CODONS])
    amino_acids = np.stack([translated, _other_strand(translated)])
    return Code((forward_flags + reverse_flags).astype(np.uint8), amino_acids)


@functools.cache
def codon_weights(host: str, table: int) -> Array:
    """Natural logarithm of each codon's relative adaptiveness in `host`, (2, 4096) by strand; NaN: does not count.

    Sharp and Li 1987, Nucleic Acids Res 15:1281-1295: the codon's frequency over that of its most frequent synonym.
    Stops, amino acids of one codon, codons with ambiguity codes and codons that mean something else in the host do
    not count. A frequency of zero counts as 0.005, half the resolution of the tables.
    """
    usage = python_codon_tables.get_codons_table(host)
    meanings = CodonTable.unambiguous_dna_by_id[table].forward_table
    weights = np.full(64, math.nan)
    for amino_acid, frequencies in usage.items():
        if amino_acid != "*" and len(frequencies) > 1:
            best = max(frequencies.values())
            for codon, frequency in frequencies.items():
                if meanings.get(codon) == amino_acid:
                    weights[_CODONS.index(codon)] = math.log(max(frequency, 0.005) / best)
    every = np.full((16, 16, 16), math.nan)
    every[:4, :4, :4] = weights.reshape(4, 4, 4)
    return np.stack([every.ravel(), _other_strand(every.ravel())])


@functools.cache
def _meanings() -> Array:
    """(4096, 64): which of the 64 codons each codon number may stand for."""
    symbols = np.zeros((16, 4), dtype=bool)
    for symbol, bases in enumerate(MEANINGS):
        symbols[symbol] = np.isin(list(_BASES), list(bases))
    every = np.einsum("ax,by,cz->abcxyz", symbols, symbols, symbols)
    meanings: Array = every.reshape(4096, 64)
    return meanings


def _certain(members: Array) -> Array:
    """Which of the 4096 codons are members of a set of the 64 whatever they stand for."""
    meanings = _meanings()
    certain: Array = meanings.any(axis=1) & ~meanings[:, ~members].any(axis=1)
    return certain


def _translations(amino_acids: list[str]) -> Array:
    """The letter of each of the 4096 codons, as Biopython's translate has it."""
    letters = sorted(set(amino_acids))
    possible = _meanings() @ np.array([[letter == one for one in letters] for letter in amino_acids])
    kinds, which = np.unique(possible, axis=0, return_inverse=True)
    names = [_ambiguous([letters[at] for at in np.flatnonzero(kind)]) for kind in kinds]
    return np.frombuffer("".join(names).encode(), dtype=np.uint8)[which]


def _ambiguous(letters: list[str]) -> str:
    return letters[0] if len(letters) == 1 else _EITHER.get(frozenset(letters), "X")


def _other_strand(values: Array) -> Array:
    """`values` by the number of the codon that pairs with each codon."""
    complement = np.array([*(LETTERS.index(letter) for letter in "TGCAYRSWMKVHDBN"), 15])
    swapped = values.reshape(16, 16, 16)[np.ix_(complement, complement, complement)]
    reversed_: Array = swapped.transpose(2, 1, 0).ravel()
    return reversed_
