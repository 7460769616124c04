"""What the API answers, as OpenAPI describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import FailFast, Field, Json

from foundry.api.body import MOST_FIELDS
from foundry.contract import Stage
from foundry.core import tags
from foundry.core.requests import RequestState


class LimitsOut(Schema):
    items: int = Field(description="Items a request may have.")
    memory_mb: int = Field(description="Memory a job may use, in MiB.")
    timeout_s: int = Field(description="Seconds one attempt at a job may take.")
    attempts: int = Field(description="Failed attempts after which a job fails for good.")
    concurrency: int = Field(description="Jobs of the service that run at once.")


class ServiceOut(Schema):
    name: str
    version: str
    title: str
    summary: str
    stage: Stage = Field(description="Where the service stands in the design-build-test cycle.")
    biofoundry_ids: list[str] = Field(description="Ids in the Global Biofoundries Alliance's abstraction hierarchy.")
    limits: LimitsOut
    accepts_files: bool = Field(description="Whether items may be uploaded as FASTA, GenBank, CSV or zip.")
    url: str


class ServicesOut(Schema):
    services: list[ServiceOut]


class ColumnOut(Schema):
    title: str
    path: str = Field(description="Dotted path into a result's values; a list or object there shows its length.")


class ArtifactOut(Schema):
    name: str
    title: str
    media_type: str
    per_item: bool = Field(description="Whether it is made of one item, named by the parameter `item`.")


class ExampleOut(Schema):
    title: str
    items: list[dict[str, Any]]
    options: dict[str, Any]


class ServiceDetailOut(ServiceOut):
    schemas: dict[str, dict[str, Any]] = Field(description="JSON Schemas of `item`, `options` and `result`.")
    columns: list[ColumnOut]
    artifacts: list[ArtifactOut]
    examples: list[ExampleOut]


#: Text without control characters, some of which PostgreSQL cannot keep.
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]

#: An object whose fields its service knows.
Values = Annotated[dict[str, Any], Field(max_length=MOST_FIELDS)]


#: By which people find their requests again.
Tags = Annotated[list[Text], Field(max_length=tags.MOST)]
_TAGS = f"Words to find the request by, each of at most {tags.LONGEST} letters; kept in small letters."


class _SubmissionIn(Schema):
    model_config = {"extra": "forbid"}

    service: Text = Field(max_length=100, description="The service's name.", examples=["compute-dna"])
    label: Text = Field(default="", max_length=200, description="For people, to find it again.")
    priority: int = Field(
        default=0, ge=-5, le=5, description="Higher runs first. Above 0 needs the scope `requests:priority`."
    )


class SubmitIn(_SubmissionIn):
    """A service request with its items in JSON."""

    model_config = {"strict": True}

    items: Annotated[list[Values], FailFast()] = Field(
        description="The items, each as the service's item schema says.", json_schema_extra={"minItems": 1}
    )
    options: Values = Field(default={}, description="As the service's options schema says.")
    defaults: Values = Field(
        default={},
        description="Values for item fields that an item does not give itself.",
        examples=[{"topology": "circular"}],
    )
    tags: Tags = Field(default=[], description=_TAGS)


class SubmitFormIn(_SubmissionIn):
    """The fields of a multipart submission beside its files."""

    options: Json[Values] = Field(default={}, description="As the service's options schema says, as JSON.")
    defaults: Json[Values] = Field(
        default={}, description="Values for item fields that a record does not give itself, as JSON."
    )
    tags: Json[Tags] = Field(default=[], description=f"{_TAGS} As a JSON list.")


class SourceOut(Schema):
    file: str
    record: str | None = None
    line: int | None = None


class ItemErrorOut(Schema):
    code: str
    message: str = Field(description="What is wrong, where, and what to do.")
    field: str | None = None
    positions: list[int] = Field(default=[], description="1-based positions in the field's value, the first few.")


class RefusedOut(ItemErrorOut):
    position: int
    name: str
    source: SourceOut | None = None


class ItemsOut(Schema):
    total: int
    succeeded: int
    failed: int
    waiting: int = Field(description="Items without a result; after a cancellation they stay without.")


class MadeByOut(Schema):
    release: str
    versions: dict[str, str] = Field(description="Of the service and its libraries.")


class CostOut(Schema):
    """Of the attempts that have ended, failed ones too."""

    usd: float = Field(description="By the price lists named; no discount, free tier or tax.")
    billed_ms: int = Field(description="Milliseconds billed, of all attempts together.")
    gb_seconds: float
    attempts: int
    price_lists: list[str] = Field(description="Where the prices are from, and of when.")


class ArtifactLinkOut(ArtifactOut):
    url: str


class LinksOut(Schema):
    self: str
    results: str
    cancel: str
    retry: str


class RequestOut(Schema):
    id: UUID
    service: str
    version: str
    label: str
    tags: list[str]
    state: RequestState
    priority: int
    owner: str
    team: str
    options: dict[str, Any] = Field(
        description="The options that were asked for; the others have the defaults of the version that computes."
    )
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    items: ItemsOut
    jobs: int
    releases: list[str] = Field(default=[], description="The releases its jobs are pinned to. Not given in lists.")
    made_by: list[MadeByOut] = Field(default=[], description="What computed the results. Not given in lists.")
    cost: CostOut | None = Field(
        default=None, description="What it has cost so far; null where time is not billed. Not given in lists."
    )
    refused: list[RefusedOut] = Field(default=[], description="Items refused on submission, the first 20.")
    links: LinksOut
    artifacts: list[ArtifactLinkOut]


class RequestsOut(Schema):
    requests: list[RequestOut]
    next: str | None = Field(description="The address of the next page.")


class ResultOut(Schema):
    position: int = Field(description="The item's position in the request, from 1.")
    name: str
    source: SourceOut | None = Field(description="Where the item was read from, if it came in a file.")
    state: Literal["succeeded", "failed"]
    values: dict[str, Any] | None = Field(description="As the service's result schema says.")
    error: ItemErrorOut | None
    release: str | None = Field(description="What computed it: see `made_by` of the request. None for a refused item.")


class ResultsOut(Schema):
    results: list[ResultOut]
    next: str | None = Field(description="The address of the next page.")
