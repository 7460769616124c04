"""What can go wrong on the way to Foundry or be refused there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class FoundryError(Exception):
    """Foundry answered with an error. Its text says what is wrong, where and what to do, each fault on a line."""

    def __init__(
        self, *, status: int | None, title: str, detail: str = "", errors: Sequence[dict[str, Any]] = ()
    ) -> None:
        super().__init__(status, title)
        #: The HTTP status; None if there was no answer.
        self.status = status
        self.title = title
        self.detail = detail
        #: One entry for each fault, as the API gives them.
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join([self.detail or self.title, *(f"  {_line(error)}" for error in self.errors)])


class ConnectionFailedError(FoundryError):
    """There was no answer, or it broke off."""

    def __init__(self, title: str) -> None:
        super().__init__(status=None, title=title)


def _line(error: dict[str, Any]) -> str:
    """The message, and before it what it does not say itself of where."""
    message = str(error.get("message") or error.get("code") or "")
    position = f"item {error['position']}" if "position" in error else ""
    where = [str(part) for part in (position, error.get("name"), error.get("where"), error.get("field")) if part]
    unsaid = [part for part in where if part not in message]
    return f"{', '.join(unsaid)}: {message}" if unsaid else message
