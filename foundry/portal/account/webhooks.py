"""Pages of webhook endpoints: made, changed, tried, and what was sent to them. They are the team's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from foundry.core.models import ServiceRequest
from foundry.portal import poll
from foundry.portal.account import confirm, once
from foundry.portal.account.forms import EndpointForm
from foundry.portal.page import PageRequest, missing, other_team, page
from foundry.portal.requests.index import title
from foundry.webhooks import endpoints
from foundry.webhooks.endpoints import EndpointError
from foundry.webhooks.models import Delivery, Endpoint, SendingState

_PAGE = 25
#: A page looks again by itself while a message is sent or about to be; not for the hours between later tries.
_SOON = timedelta(minutes=3)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def index(request: PageRequest) -> HttpResponseBase:
    """The team's endpoints, and a new one. Its own page shows its secret, once."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if refusal := other_team(request):
            form.add_error(None, refusal)
        elif made := _make(request, form):
            endpoint, secret = made
            return once.redirect_showing(request, reverse("portal:webhook", args=[endpoint.pk]), secret)
    context = {"form": form, "endpoints": endpoints.of_team(request.caller.team)}
    return render(request, "portal/account/webhooks.html", context)


def _make(request: PageRequest, form: EndpointForm) -> tuple[Endpoint, str] | None:
    """With its secret. None: it cannot be, and the form says why."""
    try:
        return endpoints.create(team=request.caller.team, user=request.user, **form.cleaned_data)
    except EndpointError as error:
        form.add_error("url", str(error))
        return None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def show(request: PageRequest, endpoint_id: int) -> HttpResponseBase:
    """One endpoint with its log; a POST changes it."""
    endpoint = _find(request, endpoint_id)
    kept = {"url": endpoint.url, "states": endpoint.states.split()}
    form = EndpointForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.change(endpoint=endpoint, user=request.user, **form.cleaned_data)
        except EndpointError as error:
            form.add_error("url", str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("portal:webhook", endpoint_id=endpoint_id)
    return _show(request, endpoint, form)


def _show(request: PageRequest, endpoint: Endpoint, form: EndpointForm) -> HttpResponseBase:
    before = request.GET.get("before", "")
    # The ids are the database's whole numbers; what is larger is none.
    last = int(before) if before.isdecimal() and len(before) < 19 else None
    found = endpoints.deliveries(endpoint, before=last, limit=_PAGE + 1)
    page, more = found[:_PAGE], len(found) > _PAGE
    titles = _titles(page)
    context = {
        "endpoint": endpoint,
        "form": form,
        "can_sign": endpoints.can_sign(endpoint),
        "older_secrets": endpoints.older_secrets(endpoint),
        "deliveries": [(one, titles.get(one.message.request_id)) for one in page],
        "older": page[-1].pk if more else None,
        "is_first": last is None,
    }
    return once.render_once(request, "portal/account/webhook.html", context)


def _titles(deliveries: Sequence[Delivery]) -> dict[UUID | None, str]:
    """What the requests that they tell of are called, as far as they are still there."""
    ids = {one.message.request_id for one in deliveries if one.message.request_id}
    found = ServiceRequest.objects.filter(pk__in=ids).only("label", "service", "created_at")
    return {one.pk: title(one) for one in found}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def rotate(request: PageRequest, endpoint_id: int) -> HttpResponseBase:
    """Asks first; then makes a new secret, which the endpoint's page shows once."""
    endpoint = _find(request, endpoint_id)
    back = reverse("portal:webhook", args=[endpoint_id])
    if request.method == "POST":
        try:
            return once.redirect_showing(request, back, endpoints.rotate(endpoint=endpoint))
        except EndpointError as error:
            messages.error(request, str(error))
            return redirect(back)
    return confirm.ask(
        request,
        question="Make a new secret?",
        text="For a day, messages to this endpoint are signed with the old one, too. After that your system refuses "
        "them unless it knows the new one.",
        verb="Make a new secret",
        keep="Keep the old one",
        back=back,
        trail=endpoint.url,
    )


@require_POST
@page(area="account")
def switch(request: PageRequest, endpoint_id: int) -> HttpResponseBase:
    """Enable what is disabled, and the other way round."""
    endpoint = _find(request, endpoint_id)
    if endpoint.disabled_at:
        endpoints.enable(endpoint=endpoint, user=request.user)
        messages.success(request, "The endpoint is told of requests that end from now on.")
    else:
        endpoints.disable(endpoint=endpoint, because=f"{request.user.username} disabled it.")
        messages.success(request, "Nothing more is sent to the endpoint.")
    return redirect("portal:webhook", endpoint_id=endpoint_id)


@require_POST
@page(area="account")
def test(request: PageRequest, endpoint_id: int) -> HttpResponseBase:
    """Send a message that says that it is a test."""
    try:
        delivery = endpoints.send_test(endpoint=_find(request, endpoint_id))
    except EndpointError as error:
        messages.error(request, str(error))
        return redirect("portal:webhook", endpoint_id=endpoint_id)
    messages.success(request, "The test is on its way. What came of it stands here soon.")
    return redirect("portal:delivery", endpoint_id=endpoint_id, delivery_id=delivery.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def remove(request: PageRequest, endpoint_id: int) -> HttpResponseBase:
    """Asks first; then removes it for good, with its log."""
    endpoint = _find(request, endpoint_id)
    if request.method == "POST":
        endpoints.remove(endpoint=endpoint)
        messages.success(request, f"The endpoint {endpoint} is removed.")
        return redirect("portal:webhooks")
    return confirm.ask(
        request,
        question="Remove this endpoint?",
        text="It is told of nothing more. The log of what was sent to it goes too, and cannot be had back.",
        verb="Remove the endpoint and its log",
        keep="Keep it",
        back=reverse("portal:webhook", args=[endpoint_id]),
        trail=endpoint.url,
    )


@require_http_methods(["GET", "HEAD"])
@page(area="account")
def delivery(request: PageRequest, endpoint_id: int, delivery_id: int) -> HttpResponseBase:
    """One message with each try to deliver it."""
    found = _find_delivery(request, endpoint_id, delivery_id)
    context = {
        "delivery": found,
        "request_title": _titles([found]).get(found.message.request_id),
        "attempts": endpoints.attempts(found),
        "payload": json.dumps(json.loads(found.message.payload), indent=2),
        "poll": poll.following(request) if _is_about_to_be_sent(found) else None,
    }
    return render(request, f"portal/account/delivery.html{'#live' if poll.is_look(request) else ''}", context)


def _is_about_to_be_sent(found: Delivery) -> bool:
    return found.state == SendingState.WAITING and found.due_at - timezone.now() < _SOON


@require_POST
@page(area="account")
def again(request: PageRequest, endpoint_id: int, delivery_id: int) -> HttpResponseBase:
    """Send the same message again, now."""
    try:
        endpoints.redeliver(delivery=_find_delivery(request, endpoint_id, delivery_id))
    except EndpointError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The message is on its way again.")
    return redirect("portal:delivery", endpoint_id=endpoint_id, delivery_id=delivery_id)


def _find(request: PageRequest, endpoint_id: int) -> Endpoint:
    every = Endpoint.objects.filter(pk=endpoint_id)
    found = every.filter(team=request.caller.team).select_related("team", "vouched_by").first()
    if found is None:
        raise missing(request, every)
    return found


def _find_delivery(request: PageRequest, endpoint_id: int, delivery_id: int) -> Delivery:
    every = Delivery.objects.filter(endpoint=endpoint_id, pk=delivery_id)
    found = every.filter(endpoint__team=request.caller.team).select_related("message", "endpoint").first()
    if found is None:
        raise missing(request, Endpoint.objects.filter(pk__in=every.values("endpoint")))
    return found
