"""What Foundry answers, as values. Fields that a newer Foundry adds are left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import Any


class RequestState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    #: Some items have a result and some failed.
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens of itself."""
        return self not in (RequestState.QUEUED, RequestState.RUNNING)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may ask of a service and what one job of it may take."""

    items: int
    timeout_s: int
    attempts: int
    concurrency: int
    memory_mb: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    name: str
    version: str
    title: str
    summary: str
    stage: str
    #: Ids in the Global Biofoundries Alliance's hierarchy.
    biofoundry_ids: tuple[str, ...]
    limits: Limits


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a service's result table: a heading and the dotted path to a value."""

    title: str
    path: str

    def of(self, values: Mapping[str, Any] | None) -> Any:
        """What stands there; of a list or an object how many entries it has; None if there is nothing."""
        found: Any = values
        for key in self.path.split("."):
            found = found.get(key) if isinstance(found, Mapping) else None
        return len(found) if isinstance(found, list | Mapping) else found


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that can be had of a finished request, or of one of its items."""

    name: str
    title: str
    media_type: str
    per_item: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    title: str
    items: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDetail(Service):
    #: JSON Schemas under `item`, `options` and `result`.
    schemas: Mapping[str, Any]
    columns: tuple[Column, ...]
    artifacts: tuple[Artifact, ...]
    examples: tuple[Example, ...]
    accepts_files: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ItemCounts:
    total: int
    succeeded: int
    failed: int
    waiting: int

    @property
    def done(self) -> int:
        """Items with a result or an error."""
        return self.succeeded + self.failed


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an item was read from."""

    file: str | None = None
    #: The record's name in the file.
    record: str | None = None
    line: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ItemError:
    """Why an item has no result."""

    code: str
    message: str
    field: str | None = None
    #: 1-based positions in the field's value.
    positions: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RefusedItem:
    """An item that was refused when the request was accepted: which, and as in ItemError why."""

    position: int
    code: str
    message: str
    name: str = ""
    source: Source | None = None
    field: str | None = None
    positions: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of the attempts that have ended, failed ones too."""

    #: By the price lists named; no discount, free tier or tax.
    usd: float
    billed_ms: int
    gb_seconds: float
    attempts: int
    price_lists: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    id: str
    service: str
    version: str
    label: str
    state: RequestState
    priority: int
    owner: str
    team: str
    options: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    items: ItemCounts
    jobs: int
    #: Words to find it by.
    tags: tuple[str, ...] = ()
    #: So far; None where time is not billed, and in lists.
    cost: Cost | None = None
    #: Each release that computed some of it, with the versions of the service and its libraries.
    made_by: tuple[Mapping[str, Any], ...] = ()
    #: The first items refused at once; only in the answer to a submission.
    refused: tuple[RefusedItem, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    #: Whether the submission's key had been used before, for this request; only in the answer to a submission.
    replayed: bool = False

    def _repr_html_(self) -> str:
        """What notebooks show."""
        named = f"{self.label} ({self.id})" if self.label else self.id
        tagged = "".join(f" · {escape(tag)}" for tag in self.tags)
        counted = f"{self.items.succeeded:,} succeeded, {self.items.failed:,} failed, {self.items.waiting:,} waiting"
        return f"<p><b>{escape(self.service)}</b> {escape(named)}{tagged}: <b>{self.state}</b><br>{counted}</p>"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one item came to: `values`, or `error`."""

    #: From 1, in the order of submission.
    position: int
    name: str
    state: str
    source: Source | None = None
    values: Mapping[str, Any] | None = None
    error: ItemError | None = None
