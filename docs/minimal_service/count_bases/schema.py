"""What goes into count-bases, and what comes out."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pydantic import Field

from foundry.contract import Options


class CountOptions(Options):
    """What is counted."""

    base: Literal["A", "C", "G", "T", "N"] = Field(default="G", description="The letter that is counted.")


class Result(TypedDict):
    """The counts of one sequence."""

    count: Annotated[int, Field(description="How often the letter occurs.")]
    share: Annotated[float, Field(description="Of all letters of the sequence, from 0 to 1.")]
