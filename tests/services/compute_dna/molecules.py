"""Molecules to test on: random ones from a seed, and real ones."""

from __future__ import annotations

import functools
import gzip
import random
from pathlib import Path
from typing import Any

from services.compute_dna.compute import compute
from services.compute_dna.schema import Item, Options

DATA = Path(__file__).parent / "data"
IUPAC = "ACGTRYSWKMBDHVN"


def random_sequence(seed: int, length: int, gc: float = 0.5, letters: str = "ACGT") -> str:
    weights = [gc if letter in "CG" else 1 - gc for letter in letters]
    return "".join(random.Random(seed).choices(letters, weights, k=length))


def item(sequence: str, topology: str = "linear", **fields: Any) -> Item:
    return Item.model_validate({"sequence": sequence, "topology": topology, **fields})


def profile(sequence: str, topology: str = "linear", **options: Any) -> dict[str, Any]:
    (result,) = compute([item(sequence, topology)], Options(**options))
    return dict(result)


@functools.cache
def genbank(name: str) -> tuple[str, str]:
    """The sequence of a GenBank file, and all that stands before it."""
    annotations, _, origin = (DATA / name).read_text().partition("ORIGIN")
    return "".join(letter for letter in origin.upper() if letter.isalpha()), annotations


@functools.cache
def lambda_phage() -> str:
    with gzip.open(DATA / "lambda.fa.gz", "rt") as file:
        return "".join(line.strip() for line in file if not line.startswith(">")).upper()
