"""Pages of the area requests."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from foundry.portal.page import PageRequest, page


@page(area="requests")
def index(request: PageRequest) -> HttpResponseBase:
    """The area's first page."""
    return render(request, "portal/requests/index.html")
