"""Where the pages' stylesheet, scripts and pictures are."""

from __future__ import annotations

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix


class Assets(StaticFilesStorage):
    """Addresses begin as those of the pages do, for instance with API Gateway's stage.

    That is known with each request only, and Django's own storage asks once, when it starts.
    """

    def url(self, name: str | None) -> str:
        """The address of a file, as `{% static %}` writes it."""
        return get_script_prefix() + super().url(name).removeprefix("/")
