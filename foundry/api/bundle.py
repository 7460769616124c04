"""All of a request in one file: a workbook, or a zip with its tables, its artifacts and where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from pydantic_core import to_json

from foundry.api import items, results
from foundry.api.archive import archive
from foundry.api.workbook import FIRST_DAY, Heading, Row, Sheet, workbook
from foundry.contract import Artifact, Service
from foundry.core import artifacts, cost, naming, result_columns, result_moments, result_schema, result_table
from foundry.core import requests as selectors
from foundry.core.models import ResultState, ServiceRequest
from foundry.core.requests import RequestView
from foundry.core.result_schema import Field, Kind, field_at
from foundry.core.result_table import ALL, Condition, Query

#: Artifacts of single items are in the zip of a request of at most so many items: each is drawn for itself.
ITEMS_DRAWN = 100
_LETTERS = 60
_FIGURES = ("minimum", "median", "mean", "maximum")
_UTC = " (UTC)"


def stem(request: ServiceRequest) -> str:
    """A name for files of the request, safe on any system."""
    return f"{safe(request.label) or request.service}-{str(request.pk)[:8]}"


def safe(name: str) -> str:
    """The name with nothing in it but letters, digits and single hyphens; perhaps nothing at all."""
    return re.sub(r"[^\w]+|_+", "-", name).strip("-")[:_LETTERS].strip("-")


def selection(query: Query) -> str:
    """What is added to the name of a file that has not all, or not by position."""
    filtered = "filtered" if query.conditions or query.name else ""
    ordered = "sorted" if query.sort or query.descending else ""
    return "".join(f"-{word}" for word in (query.state, filtered, ordered) if word)


def workbook_of(view: RequestView, service: Service, query: Query = ALL) -> Iterator[bytes]:
    """The results as an Excel workbook: a summary, and the table."""
    sheets = [
        Sheet("Summary", _summary(view, service, query)),
        Sheet("Results", _table(view, service, query), is_table=True),
    ]
    return workbook(sheets, made_at=timezone.now())


def _table(view: RequestView, service: Service, query: Query) -> Iterator[Row]:
    """The table as CSV has it, but with dates for Excel to reckon with."""
    fields = [field_at(service, column.path) for column in service.columns]
    moments = [(at, one) for at, one in enumerate(fields, len(results.BEFORE)) if one.kind is Kind.MOMENT]
    head = results.heads(service)
    for at, field in moments:
        head[at] += _zone(field)
    yield [Heading(title) for title in head]
    paths = [column.path for column in service.columns]
    for row in result_table.results(view, service, query):
        cells = results.cells(row, paths)
        for at, field in moments:
            cells[at] = _date(cells[at], field)
        yield cells


def _zone(field: Field) -> str:
    """What is said of a column of dates: Excel's have no zone."""
    return "" if field.is_date else _UTC


def _date(written: object, field: Field) -> object:
    """As it is written where Excel knows no such day."""
    seconds = result_moments.seconds(written)
    return written if seconds != seconds else _moment(seconds, field, written)


def _moment(seconds: float, field: Field, otherwise: object = None) -> object:
    found = result_moments.moment(seconds)
    if found < FIRST_DAY:
        return found.isoformat() if otherwise is None else otherwise
    return found.date() if field.is_date else found


def _summary(view: RequestView, service: Service, query: Query) -> Iterator[Row]:
    """The request, which of its items the table has, what was chosen, and the figures of columns with numbers."""
    facts = _facts(view)
    yield [Heading("Request"), facts["label"] or facts["id"]]
    yield ["In this file", "; ".join(_chosen(query, service)) or "all items"]
    facts["service"], tags = service.title, facts.pop("tags")
    yield from (_fact(name, value) for name, value in facts.items() if name not in ("label", "options"))
    yield ["Tags", ", ".join(tags)]
    yield []
    yield [Heading("Option"), Heading("Value")]
    known = result_schema.of(service.options)
    yield from (_option(name, value, known.child(name)) for name, value in _options(view, service).items())
    yield []
    yield [Heading(title) for title in ("Column, of all items", "Items", *map(str.capitalize, _FIGURES))]
    found, *_ = result_columns.summaries(view, service)
    yield from (
        _figures(column.title, found[column.path], field_at(service, column.path)) for column in service.columns
    )


def _fact(name: str, value: Any) -> Row:
    return [f"{naming.label(name)}{_UTC if isinstance(value, datetime) else ''}", value]


def _option(name: str, value: Any, field: Field) -> Row:
    """In the words of the form."""
    label, unit = naming.label(name, field.title), field.unit or naming.unit(name)
    return [f"{label} ({unit})" if unit else label, _told(value, field)]


def _told(value: Any, field: Field) -> object:
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return ", ".join(str(_told(one, field.entry)) for one in value)
    if isinstance(value, list | dict):
        return to_json(value).decode()
    return field.name_of(value) or value


def _figures(title: str, summary: dict[str, Any], field: Field) -> Row:
    figures = [summary.get(figure) for figure in _FIGURES]
    if field.kind is not Kind.MOMENT:
        return [title, summary["count"], *figures]
    dates = [_moment(figure, field) if figure is not None else None for figure in figures]
    return [f"{title}{_zone(field)}", summary["count"], *dates]


#: Comparisons of a query in words.
_COMPARED = {"ge": "at least", "gt": "over", "le": "at most", "lt": "under", "eq": "is", "is": "is", "has": "contains"}


def _chosen(query: Query, service: Service) -> Iterator[str]:
    """Which items a file has, in words; nothing of one that has all by position."""
    titles = {column.path: column.title for column in service.columns}
    titles |= {result_columns.NAME: "name", result_columns.STATE: "state"}
    if query.state:
        yield f"state is {query.state}"
    if query.name:
        yield f"name contains {query.name}"
    for one in query.conditions:
        yield f"{titles[one.path]} {_COMPARED[one.operation]} {_value(one, service)}"
    if query.sort or query.descending:
        yield f"sorted by {titles.get(query.sort, 'position')}{', downwards' if query.descending else ''}"


def _value(condition: Condition, service: Service) -> str:
    if isinstance(condition.value, str):
        return condition.value
    field = field_at(service, condition.path)
    if field.kind is Kind.FLAG:
        return "yes" if condition.value else "no"
    if field.kind is Kind.MOMENT:
        return f"{result_moments.moment(condition.value):{'%Y-%m-%d' if field.is_date else '%Y-%m-%d %H:%M:%S UTC'}}"
    return f"{condition.value:.12g}"


def _options(view: RequestView, service: Service) -> dict[str, Any]:
    """All there are, with the defaults of those that were not given."""
    return service.options.model_validate(view.request.options).model_dump(mode="json")


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
        "created_at": request.created_at,
        "started_at": view.started_at,
        "finished_at": view.finished_at,
    }


def of_all(view: RequestView, service: Service) -> Iterator[bytes]:
    """The zip."""
    return archive(_files(view, service), made_at=timezone.now())


def _files(view: RequestView, service: Service) -> Iterator[tuple[str, Iterable[bytes]]]:
    request, folder = view.request, stem(view.request)
    yield f"{folder}/provenance.json", [_provenance(view, service)]
    yield f"{folder}/results.xlsx", workbook_of(view, service)
    yield f"{folder}/results.csv", results.as_csv(selectors.all_results(request=request.pk), service)
    yield f"{folder}/results.ndjson", results.as_ndjson(selectors.all_results(request=request.pk))
    everything = result_table.positions(view, service, ALL)
    yield f"{folder}/items.ndjson", items.as_ndjson(request, everything)
    if items.are_sequences(service):
        yield f"{folder}/items.fasta", items.as_fasta(request, everything)
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


def _provenance(view: RequestView, service: Service) -> bytes:
    """What made the results, from what, and when."""
    spent = cost.of_request(request=view.request.pk)
    left_out = [one.name for one in service.artifacts if one.per_item and view.request.item_count > ITEMS_DRAWN]
    facts = _facts(view) | {
        "options_with_defaults": _options(view, service),
        "made_by": selectors.provenance(request=view.request.pk),
        "cost": spent,
        "exported_at": timezone.now(),
        "not_in_this_archive": left_out,
    }
    return to_json(facts, indent=2) + b"\n"
