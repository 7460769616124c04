"""All of a request in one file: a workbook, or a zip with its tables, its artifacts and where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from django.utils import timezone
from pydantic_core import to_json

from foundry.api import results
from foundry.api.archive import archive
from foundry.api.workbook import Row, workbook
from foundry.contract import Artifact, Service
from foundry.core import artifacts, cost, result_columns
from foundry.core import requests as selectors
from foundry.core.models import ResultState, ServiceRequest
from foundry.core.requests import RequestView

#: Artifacts of single items are in the zip of a request of at most so many items: each is drawn for itself.
ITEMS_DRAWN = 100
_ITEMS_AT_A_TIME = 500
_LETTERS = 60


def stem(request: ServiceRequest) -> str:
    """A name for files of the request, safe on any system."""
    return f"{safe(request.label) or request.service}-{str(request.pk)[:8]}"


def safe(name: str) -> str:
    """The name with nothing in it but letters, digits and single hyphens; perhaps nothing at all."""
    return re.sub(r"[^\w]+|_+", "-", name).strip("-")[:_LETTERS].strip("-")


def workbook_of(view: RequestView, service: Service, *, state: str | None = None) -> Iterator[bytes]:
    """The results as an Excel workbook: a summary, and the table."""
    paths = [column.path for column in service.columns]
    rows = selectors.all_results(request=view.request.pk, state=state)
    table = (results.cells(row, paths) for row in rows)
    sheets = [("Summary", _summary(view, service)), ("Results", _headed(results.heads(service), table))]
    return workbook(sheets, made_at=timezone.now())


def _headed(head: Row, rows: Iterable[Row]) -> Iterator[Row]:
    yield head
    yield from rows


def _summary(view: RequestView, service: Service) -> Iterator[Row]:
    """The request, and the figures of each column that has numbers."""
    yield ["Request", view.request.label or str(view.request.pk)]
    yield from ([key.replace("_", " "), _told(value)] for key, value in _facts(view).items())
    yield []
    yield ["column", "items", "minimum", "median", "mean", "maximum"]
    found, *_ = result_columns.summaries(view, service)
    for column in service.columns:
        summary = found[column.path]
        figures = [summary.get(figure) for figure in ("minimum", "median", "mean", "maximum")]
        yield [column.title, summary["count"], *figures]


def _told(value: Any) -> object:
    return value if isinstance(value, int | str) or value is None else to_json(value).decode()


def _facts(view: RequestView) -> dict[str, Any]:
    request = view.request
    return {
        "id": str(request.pk),
        "label": request.label,
        "tags": request.tags,
        "service": request.service,
        "version": request.version,
        "options": request.options,
        "owner": request.owner.username,
        "team": request.team.name,
        "state": str(view.state),
        "items": request.item_count,
        "items_succeeded": view.items_succeeded,
        "items_failed": view.items_failed,
        "created_at": _moment(request.created_at),
        "started_at": _moment(view.started_at),
        "finished_at": _moment(view.finished_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def of_all(view: RequestView, service: Service) -> Iterator[bytes]:
    """The zip."""
    return archive(_files(view, service), made_at=timezone.now())


def _files(view: RequestView, service: Service) -> Iterator[tuple[str, Iterable[bytes]]]:
    request, folder = view.request, stem(view.request)
    yield f"{folder}/provenance.json", [_provenance(view, service)]
    yield f"{folder}/results.xlsx", workbook_of(view, service)
    yield f"{folder}/results.csv", results.as_csv(selectors.all_results(request=request.pk), service)
    yield f"{folder}/results.ndjson", results.as_ndjson(selectors.all_results(request=request.pk))
    yield f"{folder}/items.ndjson", _items(request)
    for artifact in service.artifacts:
        if not artifact.per_item:
            yield f"{folder}/{artifact.name}", _drawn(request, artifact)
    if request.item_count <= ITEMS_DRAWN:
        yield from _of_items(request, [artifact for artifact in service.artifacts if artifact.per_item], folder)


def _of_items(request: ServiceRequest, drawn: Sequence[Artifact], folder: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    for row in selectors.all_results(request=request.pk, state=ResultState.SUCCEEDED):
        place = "-".join(filter(None, [f"{row.position:03d}", safe(row.name)]))
        for artifact in drawn:
            yield f"{folder}/items/{place}/{artifact.name}", _drawn(request, artifact, row.position)


def _drawn(request: ServiceRequest, artifact: Artifact, position: int | None = None) -> Iterator[bytes]:
    return (piece.encode() for piece in artifacts.render(request=request, artifact=artifact, position=position))


def _items(request: ServiceRequest) -> Iterator[bytes]:
    """What was sent, an item a line."""
    for positions in batched(range(1, request.item_count + 1), _ITEMS_AT_A_TIME, strict=False):
        found = selectors.inputs(request=request.pk, positions=positions)
        yield b"".join(
            to_json({"position": position, "item": item}) + b"\n" for position, item in sorted(found.items())
        )


def _provenance(view: RequestView, service: Service) -> bytes:
    """What made the results, from what, and when."""
    spent = cost.of_request(request=view.request.pk)
    left_out = [one.name for one in service.artifacts if one.per_item and view.request.item_count > ITEMS_DRAWN]
    options = service.options.model_validate(view.request.options)
    facts = _facts(view) | {
        "options_with_defaults": options.model_dump(mode="json"),
        "made_by": selectors.provenance(request=view.request.pk),
        "cost": spent,
        "exported_at": _moment(timezone.now()),
        "not_in_this_archive": left_out,
    }
    return to_json(facts, indent=2) + b"\n"
