"""Pages of one's own account."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from foundry.portal.page import PageRequest, page


@page(area="account")
def index(request: PageRequest) -> HttpResponseBase:
    """The area's first page."""
    return render(request, "portal/account/index.html")
