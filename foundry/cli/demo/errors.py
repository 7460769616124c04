"""Why the demo cannot go on."""

from __future__ import annotations


class DemoError(Exception):
    """The message says what is wrong and what to do."""
