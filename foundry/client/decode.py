"""JSON to the dataclasses of `model`, by their annotations."""

from __future__ import annotations

import dataclasses
import functools
import typing
from datetime import datetime
from enum import Enum
from types import UnionType
from typing import Any

from foundry.client.errors import FoundryError


def decode[T](kind: type[T], value: Any) -> T:
    """The value as that dataclass. Raises FoundryError if it does not fit."""
    try:
        decoded: T = _decode(kind, value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        title = f"Foundry's answer is no {kind.__name__} as this client knows it ({error!r}). Is one of them older?"
        raise FoundryError(status=None, title=title) from error
    return decoded


def _decode(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return kind(**{name: _decode(hint, value[name]) for name, hint in _hints(kind).items() if name in value})
    if isinstance(kind, UnionType):  # X | None
        return _decode(typing.get_args(kind)[0], value)
    if typing.get_origin(kind) is tuple:
        return tuple(_decode(typing.get_args(kind)[0], one) for one in value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, Enum) else value


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
