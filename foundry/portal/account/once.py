"""Secrets that are shown once, after a redirect, so that a reload makes no second one.

Between the two pages the browser keeps the secret, in a cookie that nothing else can read; the platform keeps none.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from foundry.portal.page import PageRequest

_COOKIE = "once"
_SECONDS = 120


def redirect_showing(request: PageRequest, path: str, secret: str) -> HttpResponseRedirect:
    """To the page at `path`, which shows the secret if it answers with `render_once`."""
    answer = HttpResponseRedirect(path)
    answer.set_signed_cookie(
        _COOKIE,
        secret,
        salt=_salt(request, path),
        max_age=_SECONDS,
        path=path,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return answer


def render_once(request: PageRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page; with `secret`, which is empty at all looks but the first after `redirect_showing`."""
    path = request.path
    secret = request.get_signed_cookie(_COOKIE, "", salt=_salt(request, path), max_age=_SECONDS)
    answer = render(request, template, context | {"secret": secret})
    if _COOKIE in request.COOKIES:
        answer.delete_cookie(_COOKIE, path=path, samesite="Strict")
    return answer


def _salt(request: PageRequest, path: str) -> str:
    """Shown to that user only, on that page only."""
    return f"{__name__} {request.user.pk} {path}"
