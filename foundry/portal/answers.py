"""What holds for every answer to a browser."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from foundry.api.problems import is_for_programs
from foundry.portal import refusals


class PageMiddleware:
    """Nobody else keeps a page, as it has a team's designs on it; each error has one; and scripts can tell ours.

    For a gateway or a proxy on the way answers in our place, and that must not get into a page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if is_for_programs(request):
            return response
        if response.status_code == 405:
            response = refusals.not_allowed(request, response.headers["Allow"])
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers["Foundry-Page"] = "1"
        return response
