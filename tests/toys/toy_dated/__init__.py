"""A service whose results are dates."""

import dataclasses
from datetime import date, datetime
from typing import Annotated, TypedDict

import pydantic

from foundry.contract import Column, Item
from tests.toys.toy import service


class DatedItem(Item):
    ready: datetime = pydantic.Field(description="When it is ready.")


class DatedResult(TypedDict):
    ready: Annotated[datetime, pydantic.Field(description="When it is ready.")]
    day: Annotated[date, pydantic.Field(description="On which day.")]


SERVICE = dataclasses.replace(
    service("toy-dated"),
    title="Dates",
    item=DatedItem,
    result=DatedResult,
    compute="tests.toys.toy_dated.compute:compute",
    columns=[Column(title="Ready", path="ready"), Column(title="Day", path="day")],
    artifacts=[],
    examples=[],
)
