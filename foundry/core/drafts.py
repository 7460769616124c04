"""Drafts: items as they came, checked one by one against the service's models."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pydantic
from pydantic_core import ErrorDetails, to_json

from foundry.contract import Item, ItemError, Options, Service
from foundry.core import faults
from foundry.core.errors import InvalidRequestError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One item as it was sent, or why it could not be read."""

    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: The file, record and line it was read from.
    source: Mapping[str, Any] | None = None
    error: ItemError | None = None
    #: What was odd in the file but could be read.
    warnings: Sequence[str] = ()
    #: The source in words, for messages.
    place: str = ""
    #: Where in the file a position of the sequence stands: "line 12, column 5".
    locate: Callable[[int], str | None] = lambda position: None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CheckedItem:
    """One item as it goes into the database. Without an error it fits the service's item model."""

    position: int
    name: str
    input: str
    digest: bytes
    weight: int
    source: str | None
    error: ItemError | None


def check_options(service: Service, options: Mapping[str, Any]) -> Options:
    """The options as the service's model. Raises InvalidRequestError."""
    try:
        return service.options.model_validate(options)
    except pydantic.ValidationError as error:
        found = [
            {"where": _path("options", fault), "message": faults.message(fault)}
            for fault in error.errors(include_url=False)
        ]
        raise InvalidRequestError(f"The options do not fit {service.name} {service.version}.", found) from None


def check_items(service: Service, drafts: Sequence[Draft], defaults: Mapping[str, Any]) -> list[CheckedItem]:
    """Every item with its error, if it has one. Raises InvalidRequestError if there are none or too many."""
    if not drafts:
        raise InvalidRequestError("The request has no items; send at least one.")
    if len(drafts) > service.limits.items:
        raise InvalidRequestError(
            f"The request has {len(drafts):,} items; {service.name} takes at most {service.limits.items:,} a request. "
            "Split it into several requests."
        )
    return list(_checked(service, drafts, defaults))


def _checked(service: Service, drafts: Sequence[Draft], defaults: Mapping[str, Any]) -> Iterator[CheckedItem]:
    known_defaults = {name: value for name, value in defaults.items() if value is not None}
    for position, draft in enumerate(drafts, 1):
        if draft.error:
            yield _refused(position, draft, draft.error)
            continue
        given = dataclasses.replace(draft, values={**known_defaults, **draft.values})
        try:
            item = service.item.model_validate(given.values)
        except pydantic.ValidationError as error:
            yield _refused(position, given, _item_error(error, given))
        else:
            yield _accepted(service, position, given, item)


def _accepted(service: Service, position: int, draft: Draft, item: Item) -> CheckedItem:
    dump = type(item).__pydantic_serializer__.to_json
    return CheckedItem(
        position=position,
        name=item.name,
        input=dump(item, exclude_unset=True).decode(),
        digest=hashlib.blake2b(dump(item, exclude=set(service.describing)), digest_size=16).digest(),
        weight=service.slicing.weigh(item),
        source=_source(draft),
        error=None,
    )


def _refused(position: int, draft: Draft, error: ItemError) -> CheckedItem:
    name = draft.values.get("name")
    return CheckedItem(
        position=position,
        name=name[:200] if isinstance(name, str) and name.isprintable() else "",
        input=to_json(draft.values, inf_nan_mode="null").decode(),
        digest=b"",
        weight=0,
        source=_source(draft),
        error=error,
    )


def _source(draft: Draft) -> str | None:
    return to_json(draft.source).decode() if draft.source else None


def _item_error(error: pydantic.ValidationError, draft: Draft) -> ItemError:
    """All that is wrong with one item, as one error; its code and field are those of the first fault."""
    found = error.errors(include_url=False)
    first = found[0]
    positions = tuple((first.get("ctx") or {}).get("positions", ()))
    message = " ".join(f"{_path('', fault)}: {faults.message(fault)}" for fault in found)
    if positions and (located := draft.locate(positions[0])):
        message += f" The first is in {located} of the file."
    return ItemError(
        code=first["type"],
        message=f"{draft.place}: {message}" if draft.place else message,
        field=_path("", first) or None,
        positions=positions,
    )


def _path(root: str, fault: ErrorDetails) -> str:
    return ".".join(str(part) for part in (root, *fault["loc"]) if part != "")
