"""What people do with a request: cancel, retry what failed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from foundry.catalog import UnknownServiceError
from foundry.core import cancel as canceller
from foundry.core import retry as retrier
from foundry.core.errors import NotAllowedNowError, NotReleasedError
from foundry.portal.catalogue import words
from foundry.portal.page import PageRequest, page
from foundry.portal.requests import detail
from foundry.portal.requests.index import title

#: Of a message that `portal.js` removes once what it says has come to its end.
UNTIL_ENDED = "until-ended"


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="requests")
def cancel(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """Asks first: what was not computed by then stays so, but for a new request."""
    view = detail.find(request, request_id)
    if request.method == "POST":
        try:
            canceller.cancel(request=view.request.pk)
        except NotAllowedNowError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, "Cancelled. Results so far are kept.")
        return redirect("portal:request", request_id)
    back = reverse("portal:request", args=[request_id])
    left = view.request.item_count - view.items_succeeded - view.items_failed
    return render(
        request,
        "portal/requests/cancel.html",
        {"title": title(view.request), "view": view, "left": words.share(left, view.request.item_count), "back": back},
    )


@require_POST
@page(area="requests")
def retry(request: PageRequest, request_id: UUID) -> HttpResponseBase:
    """Computes the failed items once more."""
    view = detail.find(request, request_id)
    try:
        items = retrier.retry(request=view.request)
    except (NotAllowedNowError, NotReleasedError, UnknownServiceError) as error:
        messages.warning(request, str(error))
    else:
        text = f"{items:,} failed item{'' if items == 1 else 's'} will be computed again."
        messages.success(request, text, extra_tags=UNTIL_ENDED)
    return redirect("portal:request", request_id)
