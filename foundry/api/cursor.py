"""Cursors: where the next page starts, opaque to the caller."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from foundry.api.problems import ProblemError

_NEWEST = TypeAdapter(tuple[Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))], UUID])
_POSITION = TypeAdapter(Annotated[int, Field(ge=0)])


def encode(*place: object) -> str:
    """A cursor for a place, one value or several."""
    return base64.urlsafe_b64encode(to_json(place if len(place) > 1 else place[0])).decode().rstrip("=")


def decode_newest(cursor: str | None) -> tuple[datetime, UUID] | None:
    """A place in the list of requests. Raises ProblemError 422."""
    return _decode(_NEWEST, cursor) if cursor else None


def decode_position(cursor: str | None) -> int:
    """The position after which a page of results starts; 0 is the start. Raises ProblemError 422."""
    return _decode(_POSITION, cursor) if cursor else 0


def _decode[T](adapter: TypeAdapter[T], cursor: str) -> T:
    try:
        return adapter.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValidationError, binascii.Error, ValueError, OverflowError):
        raise ProblemError(
            422, "cursor: this is not one that we gave; take it from `next` of the page before."
        ) from None


def next_url(request: HttpRequest, cursor: str) -> str:
    """The address of the next page: this one's with another cursor."""
    query: Any = request.GET.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
