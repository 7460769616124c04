"""What a form begins with: nothing, one of the service's examples, or an earlier request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.html import escape

from foundry.accounts.models import Team
from foundry.contract import Service
from foundry.core import requests
from foundry.core.errors import InvalidRequestError
from foundry.core.models import ServiceRequest
from foundry.portal.catalogue import designs, words
from foundry.portal.catalogue.form import Form, blank
from foundry.portal.catalogue.plan import make

#: More than this of an earlier request's items is not copied into the page; bytes as they stand in its HTML.
_ITEMS, _BYTES = 500, 120_000
#: Of an example's number.
_DIGITS = 6


def form(service: Service, *, team: Team, asked: Mapping[str, str]) -> Form:
    """By `example`, its ordinal from 1, or `from`, the id of a request of the team. Raises Http404."""
    if "example" in asked:
        return _of_example(service, asked["example"])
    if "from" in asked:
        return _of_request(service, _find(service, team, asked["from"]))
    return blank(service)


def _of_example(service: Service, ordinal: str) -> Form:
    number = int(ordinal) if ordinal.isdecimal() and len(ordinal) <= _DIGITS else 0
    if not 1 <= number <= len(service.examples):
        raise Http404(f"{service.name} has {len(service.examples)} examples.")
    example = service.examples[number - 1]
    begun = blank(service)
    begun.designs, begun.values, begun.label = designs.as_text(example.items), example.options, example.title
    return _planned(begun)


def _find(service: Service, team: Team, asked: str) -> ServiceRequest:
    try:
        view = requests.get(team=team, request=UUID(asked))
    except ValueError:
        view = None
    if view is None or view.request.service != service.name:
        raise Http404(f"Your team has no request {asked} to {service.name}.")
    return view.request


def _of_request(service: Service, earlier: ServiceRequest) -> Form:
    begun = blank(service)
    begun.values, begun.label, begun.tags = earlier.options, earlier.label, ", ".join(earlier.tags)
    if earlier.item_count <= _ITEMS:
        found = requests.inputs(request=earlier.pk, positions=range(1, earlier.item_count + 1))
        text = designs.as_text([_known(service, found[position]) for position in sorted(found)])
        if len(escape(text).encode()) <= _BYTES:
            begun.designs = text
            return _planned(begun)
    its = f"{words.counted(earlier.item_count)} {'does' if earlier.item_count == 1 else 'do'}"
    begun.note = (
        f"The options are those of the earlier request. Its {its} not fit into this page: choose the file again."
    )
    return begun


def _known(service: Service, values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not given; files' annotations are long and stay behind."""
    return {name: value for name, value in values.items() if value is not None and name != "annotations"}


def _planned(begun: Form) -> Form:
    try:
        begun.plan = make(begun.service, designs.read(begun.service, begun.designs, []), {})
    except InvalidRequestError as error:
        begun.faults.append({"where": "designs", "message": str(error)})
    return begun
