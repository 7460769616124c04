"""Compute: the service's pure function runs on a slice of a job's items; no database connection is held meanwhile."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from foundry import catalog
from foundry.contract import Item, Outcome, Service
from foundry.core.interrupt import call_until


class BrokenServiceError(Exception):
    """The service does not keep to the contract. A fault of the service, not of the items."""


def compute(
    service: Service, items: Sequence[Item], options: Mapping[str, Any], *, ends_at: float | None = None
) -> Sequence[Outcome]:
    """The outcomes of the items, in their order.

    `ends_at`: when the service's function is interrupted, by time.monotonic(). Raises OvertimeError then.
    """
    close_connection()
    function = functools.partial(catalog.load(service.compute), items, service.options.model_validate(options))
    outcomes: Sequence[Outcome] = function() if ends_at is None else call_until(ends_at, function)
    if len(outcomes) != len(items):
        raise BrokenServiceError(
            f"{service.name} {service.version} returned {len(outcomes)} outcomes for {len(items)} items."
        )
    return outcomes


def close_connection() -> None:
    """Give the connection back, unless a transaction of the caller is open (as when jobs run inline in a test)."""
    if not connection.in_atomic_block:
        connection.close()


def versions(service: Service) -> dict[str, str]:
    """What computes: the service and its libraries."""
    return {service.name: service.version, **{library: _installed(library) for library in service.libraries}}


@functools.cache
def _installed(library: str) -> str:
    return importlib.metadata.version(library)
