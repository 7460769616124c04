"""Endpoints of a team: made, changed, tried; and messages sent to them again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from foundry.accounts.models import Team, User
from foundry.core.requests import RequestState
from foundry.webhooks import payload
from foundry.webhooks.addresses import ForbiddenAddressError, target
from foundry.webhooks.models import Delivery, DeliveryAttempt, Endpoint, SendingState

#: What an endpoint may be told of.
STATES = (RequestState.SUCCEEDED, RequestState.PARTIAL, RequestState.FAILED, RequestState.CANCELLED)
#: How long messages are signed with the secret before, too.
OVERLAP = timedelta(hours=24)
_MOST, _LONGEST_URL = 20, 500
_SECRET_BYTES = 32


class EndpointError(Exception):
    """What was asked cannot be done; the message says why, for people."""


def create(*, team: Team, user: User, url: str, states: Collection[RequestState]) -> tuple[Endpoint, str]:
    """Make an endpoint. The second value is its secret, which is not shown again. Raises EndpointError."""
    if Endpoint.objects.filter(team=team).count() >= _MOST:
        raise EndpointError(f"A team has {_MOST} endpoints at most.")
    secret = _secret()
    endpoint = Endpoint.objects.create(
        team=team, created_by=user, url=_checked(url), states=_words(states), secret=secret
    )
    return endpoint, secret


def change(*, endpoint: Endpoint, url: str, states: Collection[RequestState]) -> None:
    """Another address, or other states. Raises EndpointError."""
    Endpoint.objects.filter(pk=endpoint.pk).update(url=_checked(url), states=_words(states))


def rotate(*, endpoint: Endpoint) -> str:
    """A new secret. Messages are signed with the old one too for a day, so that receivers can change over."""
    secret = _secret()
    Endpoint.objects.filter(pk=endpoint.pk).update(
        secret=secret, old_secret=endpoint.secret, old_secret_until=timezone.now() + OVERLAP
    )
    return secret


def enable(*, endpoint: Endpoint) -> None:
    """Tell it of requests that end from now on."""
    Endpoint.objects.filter(pk=endpoint.pk).update(disabled_at=None, disabled_because="", failing_since=None)


def disable(*, endpoint: Endpoint, because: str) -> bool:
    """Send it nothing more; what waits is given up. Whether it was enabled until now."""
    with transaction.atomic():
        found = Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
        changed = found.update(disabled_at=timezone.now(), disabled_because=because[:300])
        waiting = Delivery.objects.filter(endpoint=endpoint, state=SendingState.WAITING)
        waiting.update(state=SendingState.FAILED)
    return bool(changed)


def remove(*, endpoint: Endpoint) -> None:
    """With its log."""
    Endpoint.objects.filter(pk=endpoint.pk).delete()


def send_test(*, endpoint: Endpoint) -> Delivery:
    """Queue a message that says that it is a test. Raises EndpointError."""
    _require_enabled(endpoint)
    message = payload.test(endpoint.team.name)
    with transaction.atomic():
        message.save(force_insert=True)
        return Delivery.objects.create(message=message, endpoint=endpoint)


def redeliver(*, delivery: Delivery) -> None:
    """Send the same message again, with the same id. Raises EndpointError."""
    _require_enabled(delivery.endpoint)
    Delivery.objects.filter(pk=delivery.pk).exclude(state=SendingState.WAITING, due_at__lte=timezone.now()).update(
        state=SendingState.WAITING, tries=0, due_at=timezone.now()
    )


def of_team(team: Team) -> QuerySet[Endpoint]:
    """The team's endpoints, with how many deliveries wait and have failed."""
    waiting = Count("deliveries", filter=Q(deliveries__state=SendingState.WAITING))
    return Endpoint.objects.filter(team=team).annotate(waiting=waiting).order_by("created_at")


def deliveries(endpoint: Endpoint, *, before: int | None = None, limit: int) -> Sequence[Delivery]:
    """The newest first, from just before that one, each with its message."""
    found = Delivery.objects.filter(endpoint=endpoint).select_related("message")
    if before:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def attempts(delivery: Delivery) -> QuerySet[DeliveryAttempt]:
    """Each try at it, the newest first."""
    return delivery.log.order_by("-number")


def _secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _checked(url: str) -> str:
    """As it is now; it is checked again whenever something is sent."""
    if len(url) > _LONGEST_URL:
        raise EndpointError(f"The address is longer than {_LONGEST_URL} characters.")
    try:
        target(url)
    except ForbiddenAddressError as error:
        raise EndpointError(str(error)) from None
    return url


def _words(states: Collection[RequestState]) -> str:
    if not states:
        raise EndpointError("Choose at least one state to be told of.")
    return " ".join(state for state in STATES if state in states)


def _require_enabled(endpoint: Endpoint) -> None:
    if endpoint.disabled_at:
        raise EndpointError("The endpoint is disabled; enable it first.")
