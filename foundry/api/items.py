"""What was sent, as files to take home and to send again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any

from pydantic_core import to_json

from foundry.contract import SequenceItem, Service
from foundry.core import requests
from foundry.core.models import ServiceRequest

_AT_A_TIME = 500
_LETTERS_A_LINE = 70


def are_sequences(service: Service | None) -> bool:
    """Whether its items can be written as FASTA."""
    return service is not None and issubclass(service.item, SequenceItem)


def as_ndjson(request: ServiceRequest, positions: Sequence[int]) -> Iterator[bytes]:
    """The items at those positions, one a line."""
    for some in _read(request, positions):
        yield b"".join(to_json({"position": position, "item": item}) + b"\n" for position, item in some)


def as_fasta(request: ServiceRequest, positions: Sequence[int]) -> Iterator[bytes]:
    """The sequences at those positions; what was refused because it has none is left out."""
    for some in _read(request, positions):
        yield "".join(_record(position, item) for position, item in some).encode()


def _read(request: ServiceRequest, positions: Sequence[int]) -> Iterator[list[tuple[int, Any]]]:
    for some in batched(positions, _AT_A_TIME, strict=False):
        found = requests.inputs(request=request.pk, positions=some)
        yield [(position, found[position]) for position in some if position in found]


def _record(position: int, item: Any) -> str:
    """With the topology as NCBI writes it, for FASTA has no place for it; a name ends at its first blank there.

    A sequence that was refused may have anything in it, but begins no record of its own.
    """
    sent = item if isinstance(item, dict) else {}
    sequence = "".join(str(sent.get("sequence") or "").replace(">", "?").split())
    if not sequence:
        return ""
    name = "_".join(str(sent.get("name") or "").split()) or f"item_{position}"
    topology = f" [topology={sent['topology']}]" if sent.get("topology") in ("linear", "circular") else ""
    lines = "\n".join(sequence[at : at + _LETTERS_A_LINE] for at in range(0, len(sequence), _LETTERS_A_LINE))
    return f">{name}{topology}\n{lines}\n"
