"""Artifacts: files drawn from the items of a request and what they came to, when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched

from pydantic_core import from_json

from foundry import catalog
from foundry.contract import Artifact, Entry, ItemError, Service
from foundry.core import requests
from foundry.core.models import ServiceRequest
from foundry.core.requests import ResultRow

_ENTRIES_AT_A_TIME = 200


def render(*, request: ServiceRequest, artifact: Artifact, position: int | None = None) -> Iterator[str]:
    """The artifact's text, piece by piece; of one item if a position is given."""
    service = catalog.get(request.service)
    if position is None:
        rows: Iterable[ResultRow] = requests.all_results(request=request.pk)
    else:
        rows = requests.results(request=request.pk, after=position - 1, limit=1)
    pieces: Iterator[str] = catalog.load(artifact.render)(
        _entries(service, request, rows), service.options.model_validate(request.options)
    )
    return pieces


def _entries(service: Service, request: ServiceRequest, rows: Iterable[ResultRow]) -> Iterator[Entry]:
    """The items that were computed, with their results; refused ones have nothing to draw."""
    for some in batched(rows, _ENTRIES_AT_A_TIME, strict=False):
        computed = [row for row in some if row.attempt is not None]
        inputs = requests.inputs(request=request.pk, positions=[row.position for row in computed])
        for row in computed:
            yield Entry(
                position=row.position,
                item=service.item.model_validate(inputs[row.position]),
                result=from_json(row.values) if row.values else None,
                error=ItemError(**from_json(row.error)) if row.error else None,
            )
