"""The page that asks before something is ended for good. Its form is sent to the same address."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from foundry.portal.page import PageRequest


def ask(request: PageRequest, *, question: str, text: str, verb: str, keep: str, back: str, trail: str) -> HttpResponse:
    """`verb` is on the button that does it, `keep` on the link `back` to the page that is called `trail`."""
    context = {"question": question, "text": text, "verb": verb, "keep": keep, "back": back, "trail": trail}
    return render(request, "portal/account/confirm.html", context)
