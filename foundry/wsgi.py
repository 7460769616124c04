"""The WSGI application, for gunicorn and for Zappa."""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import BadRequest
from django.core.wsgi import get_wsgi_application
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "foundry.settings")
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> HttpResponseBase:
    """Django, which raises on some Content-Types before any middleware could answer; those count as unknown ones."""
    try:
        return _django(environ, start_response)
    except BadRequest:
        return _django(environ | {"CONTENT_TYPE": "unreadable"}, start_response)
