"""`reverse-complement.fasta`: the other strand of every molecule, 5' to 3'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foundry.contract import Entry
from services.compute_dna.batch import reverse_complement
from services.compute_dna.schema import Options

_WIDTH = 70


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    for entry in entries:
        sequence = reverse_complement(entry.item.sequence)
        name = entry.item.name or f"item {entry.position}"
        yield f">{name} reverse complement [topology={entry.item.topology}]\n"
        yield from (f"{sequence[at : at + _WIDTH]}\n" for at in range(0, len(sequence), _WIDTH))
