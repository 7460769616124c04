"""The computation."""

from __future__ import annotations

from collections.abc import Sequence

from foundry.contract import ItemError, SequenceItem

from .schema import CountOptions, Result


def compute(items: Sequence[SequenceItem], options: CountOptions) -> list[Result | ItemError]:
    """One outcome for each item, in their order."""
    return [_count(item, options) for item in items]


def _count(item: SequenceItem, options: CountOptions) -> Result | ItemError:
    if set(item.sequence) == {"N"}:
        return ItemError(
            code="nothing_known",
            message="The sequence is all N, so there is nothing to count: give one of which some bases are known.",
            field="sequence",
        )
    count = item.sequence.count(options.base)
    return Result(count=count, share=count / len(item.sequence))
