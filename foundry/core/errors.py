"""What can be wrong with what a caller asks. Messages are for people: what, where and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class InvalidRequestError(Exception):
    """Nothing of the request can be computed. `errors` has an entry for each fault, as the API shows it."""

    def __init__(self, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.errors = list(errors)


class IdempotencyConflictError(Exception):
    """The key came before, with another body."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {key!r} was used for a different request before; use a new key for a new request."
        )


class NotAllowedNowError(Exception):
    """The request's state does not allow it."""


class NotReleasedError(Exception):
    """The service has no release yet, and this process cannot compute it either."""

    def __init__(self, service: str) -> None:
        super().__init__(
            f"{service} is not released yet: no version of it takes requests. Send it again when an operator has "
            "recorded its first release."
        )
