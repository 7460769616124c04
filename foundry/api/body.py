"""A request's body: parsed, and checked against a model, with every fault named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from foundry.api.problems import ProblemError

#: An object with more fields is refused as a whole: a fault for each would take many times the body's memory.
MOST_FIELDS = 100
#: Values in a body, whatever they are: each may take some hundred bytes where its text takes two.
_MOST_VALUES = 5_000_000
_FAULTS_SHOWN = 20


def require_utf8(request: HttpRequest) -> None:
    """Raises ProblemError 415 for a body that says it is in another encoding."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise ProblemError(415, f"The charset {charset!r} is not taken; send UTF-8.")


def parse(body: bytes, what: str = "The body") -> Any:
    """The JSON in the body, or in another part of the request. Raises ProblemError 400 and 413."""
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ProblemError(413, f"{what} has over {_MOST_VALUES:,} values, the limit; split it into several requests.")
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ProblemError(400, f"{what} is not JSON: {error}.") from None


def check[M: BaseModel](model: type[M], values: Any) -> M:
    """The values as the model. Raises ProblemError 422."""
    if isinstance(values, dict) and len(values) > MOST_FIELDS:
        raise ProblemError(
            422,
            f"The body has {len(values):,} fields, over the limit of {MOST_FIELDS}; see the schema for those known.",
        )
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise ProblemError(422, "The body does not fit; see `errors`.", faults(found)) from None


def faults(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Pydantic's errors, the first few, as the API shows them."""
    shown = list(errors)[:_FAULTS_SHOWN]
    return [{"where": ".".join(map(str, error["loc"])) or "body", "message": _message(error)} for error in shown]


def _message(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing":
            return "This field is needed and was not given."
        case "extra_forbidden":
            return "There is no such field; see the schema for those there are."
        case "string_pattern_mismatch":
            return "It holds a control character; take it out."
        case _:
            return str(error["msg"])
