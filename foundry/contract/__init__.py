"""What the platform and a service agree on.

The only part of the platform that a service may import. Nothing here imports Django, and a service needs nothing
else: it declares itself with `Service`, describes its data with pydantic models, and computes with plain functions.
"""

from foundry.contract.sequence import SequenceItem, Topology
from foundry.contract.service import (
    Artifact,
    Column,
    Compute,
    Entry,
    Example,
    Item,
    ItemError,
    Limits,
    Options,
    Outcome,
    Render,
    Service,
    Slicing,
    Stage,
    value_at,
)

__all__ = [
    "Artifact",
    "Column",
    "Compute",
    "Entry",
    "Example",
    "Item",
    "ItemError",
    "Limits",
    "Options",
    "Outcome",
    "Render",
    "SequenceItem",
    "Service",
    "Slicing",
    "Stage",
    "Topology",
    "value_at",
]
