"""One thing about a deployed function that is as it should be, or is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """What it should be, and how to read and to change it."""

    name: str
    desired: Any
    #: What it is now.
    read: Callable[[], Any]
    #: Make it as desired.
    write: Callable[[], object]
    #: How a value is shown; environment variables may be secret.
    show: Callable[[Any], str] = str
