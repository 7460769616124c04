"""Slice: the items of a request are cut into jobs, equal items staying together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from foundry.contract import Slicing
from foundry.core.drafts import CheckedItem


def slice_into_jobs(items: Sequence[CheckedItem], slicing: Slicing) -> Iterator[list[CheckedItem]]:
    """The items of each job, in the order of their positions but for equal ones, which join the first of them."""
    job: list[CheckedItem] = []
    distinct = weight = 0
    for group in _equal_items(items):
        if job and (distinct == slicing.items or weight + group[0].weight > slicing.weight):
            yield job
            job, distinct, weight = [], 0, 0
        job += group
        distinct += 1
        weight += group[0].weight
    if job:
        yield job


def _equal_items(items: Sequence[CheckedItem]) -> Sequence[list[CheckedItem]]:
    groups: dict[bytes, list[CheckedItem]] = {}
    for item in items:
        groups.setdefault(item.digest, []).append(item)
    return list(groups.values())
