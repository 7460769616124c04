"""/services: what the foundry can do."""

from __future__ import annotations

import dataclasses

from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Router
from pydantic import TypeAdapter

from foundry import catalog
from foundry.api.auth import reader
from foundry.api.schemas import (
    ArtifactOut,
    ColumnOut,
    ExampleOut,
    LimitsOut,
    ServiceDetailOut,
    ServiceOut,
    ServicesOut,
)
from foundry.contract import Service
from foundry.core.uploads import accepts_files

router = Router(tags=["services"], auth=reader)


@router.get("", response=ServicesOut, summary="List the services")
def list_services(request: HttpRequest) -> ServicesOut:
    """All services, in alphabetical order."""
    return ServicesOut(services=[_service(request, service) for service in catalog.services().values()])


@router.get("/{name}", response=ServiceDetailOut, summary="Describe a service")
def get_service(request: HttpRequest, name: str) -> ServiceDetailOut:
    """A service with the JSON Schemas of its data, its limits, result columns, artifacts and examples."""
    try:
        service = catalog.get(name)
    except catalog.UnknownServiceError as error:
        raise Http404(str(error)) from None
    return ServiceDetailOut(
        **_service(request, service).model_dump(),
        schemas={
            "item": service.item.model_json_schema(),
            "options": service.options.model_json_schema(),
            "result": TypeAdapter(service.result).json_schema(),
        },
        columns=[ColumnOut(title=column.title, path=column.path) for column in service.columns],
        artifacts=[
            ArtifactOut(name=one.name, title=one.title, media_type=one.media_type, per_item=one.per_item)
            for one in service.artifacts
        ],
        examples=[
            ExampleOut(title=one.title, items=[dict(item) for item in one.items], options=dict(one.options))
            for one in service.examples
        ],
    )


def _service(request: HttpRequest, service: Service) -> ServiceOut:
    return ServiceOut(
        name=service.name,
        version=service.version,
        title=service.title,
        summary=service.summary,
        stage=service.stage,
        biofoundry_ids=list(service.biofoundry_ids),
        limits=LimitsOut(**dataclasses.asdict(service.limits)),
        accepts_files=accepts_files(service),
        url=request.build_absolute_uri(reverse("api-v1:get_service", args=[service.name])),
    )
