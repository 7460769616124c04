"""For the server's threads, which must outlive a fault of the server itself."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator


@contextlib.contextmanager
def going_on() -> Iterator[None]:
    """Prints an exception to the server's log and goes on after the block."""
    try:
        yield
    except Exception:
        traceback.print_exc()
