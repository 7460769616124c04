"""Pages of the area operate."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from foundry.portal.page import PageRequest, page


@page(area="operate", operators=True)
def index(request: PageRequest) -> HttpResponseBase:
    """The area's first page."""
    return render(request, "portal/operate/index.html")
