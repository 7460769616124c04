"""Items that are DNA sequences: what they share, and what is wrong with the ones that are not."""

from __future__ import annotations

from typing import ClassVar, Literal

import pydantic
from pydantic_core import PydanticCustomError

from foundry.contract.service import Item

type Topology = Literal["linear", "circular"]

#: The IUPAC codes for DNA: the four bases and the eleven ambiguity codes (IUPAC-IUB 1984).
IUPAC_DNA = "ACGTRYSWKMBDHVN"
_KEEP_ONLY_BAD = dict.fromkeys(map(ord, IUPAC_DNA))
_WHITESPACE = str.maketrans("", "", " \t\r\n")
_SHOWN = 5


class SequenceItem(Item):
    """A DNA sequence as a service receives it: upper case, over the IUPAC alphabet, of stated topology."""

    #: The longest sequence the service takes, in bases; a subclass lowers or raises it.
    max_length: ClassVar[int] = 1_000_000

    sequence: str = pydantic.Field(
        description="DNA over the IUPAC alphabet (ACGT RYSWKMBDHVN), 5' to 3'; case and white space do not matter.",
        examples=["ATCGGCTA"],
    )
    topology: Topology = pydantic.Field(
        description="'linear' or 'circular'. It changes every figure that crosses the origin, so it is never guessed."
    )
    annotations: str | None = pydantic.Field(
        default=None,
        repr=False,
        description="A GenBank record's header and feature table (all before ORIGIN); kept in GenBank output.",
    )

    @pydantic.field_validator("sequence")
    @classmethod
    def _normalise(cls, value: str) -> str:
        sequence = value.translate(_WHITESPACE).upper()
        if not sequence:
            raise PydanticCustomError("sequence_empty", "the sequence is empty; give at least one base")
        if len(sequence) > cls.max_length:
            raise PydanticCustomError(
                "sequence_too_long",
                "the sequence has {length} bases, over this service's limit of {limit}; split it",
                {"length": len(sequence), "limit": cls.max_length},
            )
        if sequence.translate(_KEEP_ONLY_BAD):
            raise _bad_characters(sequence)
        return sequence


def _bad_characters(sequence: str) -> PydanticCustomError:
    bad = [(position, letter) for position, letter in enumerate(sequence, 1) if letter not in IUPAC_DNA]
    shown = ", ".join(f"{letter!r} at position {position}" for position, letter in bad[:_SHOWN])
    more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    return PydanticCustomError(
        "sequence_characters",
        "{count} of {length} characters are not IUPAC DNA codes: {shown}{more}.{advice}",
        {
            "count": len(bad),
            "length": len(sequence),
            "shown": shown,
            "more": more,
            "advice": _advice({letter for _, letter in bad}),
            "positions": [position for position, _ in bad[:_SHOWN]],
        },
    )


def _advice(letters: set[str]) -> str:
    advice = ""
    if "U" in letters:
        advice += " U is RNA: write T in its place."
    if letters & set("-.~"):
        advice += " Gaps belong to alignments: take them out."
    if "*" in letters or letters & set("EFILPQZ"):
        advice += " These letters look like a protein: this service takes DNA."
    return advice
