"""Endpoints of a team: made, changed, tried; and messages sent to them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from foundry.accounts.models import Membership, Team, User
from foundry.core.requests import RequestState
from foundry.webhooks import mail, payload, signing
from foundry.webhooks.addresses import ForbiddenAddressError, target
from foundry.webhooks.models import Delivery, DeliveryAttempt, Endpoint, Secret, SendingState

#: What an endpoint may be told of.
STATES = (RequestState.SUCCEEDED, RequestState.PARTIAL, RequestState.FAILED, RequestState.CANCELLED)
#: How long messages are signed with a secret that was replaced, too.
OVERLAP = timedelta(hours=24)
#: Secrets that hold at the same time: each is a signature more in every message.
MOST_SECRETS = 5
_MOST, _LONGEST_URL = 20, 500


class EndpointError(Exception):
    """What was asked cannot be done; the message says why, for people."""


def create(*, team: Team, user: User, url: str, states: Collection[RequestState]) -> tuple[Endpoint, str]:
    """Make an endpoint. The second value is its secret, which is not shown again. Raises EndpointError."""
    if Endpoint.objects.filter(team=team).count() >= _MOST:
        raise EndpointError(f"A team has {_MOST} endpoints at most.")
    values = {"team": team, "vouched_by": user, "url": _checked(url), "states": _words(states)}
    with transaction.atomic():
        endpoint = Endpoint.objects.create(**values)
        return endpoint, _make_secret(endpoint)


def change(*, endpoint: Endpoint, user: User, url: str, states: Collection[RequestState]) -> None:
    """Another address, which the user answers for then, or other states. Raises EndpointError."""
    values = {"url": _checked(url), "states": _words(states)}
    found = Endpoint.objects.filter(pk=endpoint.pk)
    with transaction.atomic():
        found.exclude(url=url).update(vouched_by=user)
        found.update(**values)


def rotate(*, endpoint: Endpoint) -> str:
    """A new secret. Messages are signed with those before too, each for a day after it was replaced.

    So a receiver has a day to change over, however often it is done. Raises EndpointError.
    """
    now = timezone.now()
    with transaction.atomic():
        Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)  # two at a moment come one after the other
        Secret.objects.filter(endpoint=endpoint, until__lte=now).delete()
        held = list(Secret.objects.filter(endpoint=endpoint).order_by("pk"))
        if len(held) >= MOST_SECRETS:
            raise EndpointError(
                f"It has {MOST_SECRETS} secrets that hold, the most. One ends on {held[0].until:%-d %B at %H:%M} UTC."
            )
        Secret.objects.filter(endpoint=endpoint, until=None).update(until=now + OVERLAP)
        return _make_secret(endpoint)


def _make_secret(endpoint: Endpoint) -> str:
    seed = signing.new_seed()
    Secret.objects.create(endpoint=endpoint, seed=seed)
    [secret] = signing.secrets_of([seed])
    return secret


def enable(*, endpoint: Endpoint, user: User) -> None:
    """Tell it of requests that end from now on. The user answers for its address."""
    found = Endpoint.objects.filter(pk=endpoint.pk)
    found.update(disabled_at=None, disabled_because="", failing_since=None, vouched_by=user)


def disable(*, endpoint: Endpoint, because: str) -> bool:
    """Send it nothing more; what waits is given up. Whether it was enabled until now."""
    with transaction.atomic():
        found = Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
        changed = found.update(disabled_at=timezone.now(), disabled_because=because[:300])
        waiting = Delivery.objects.filter(endpoint=endpoint, state=SendingState.WAITING)
        waiting.update(state=SendingState.FAILED)
    return bool(changed)


def give_up(endpoint: Endpoint, because: str) -> None:
    """Disable it, though nobody asked for that, and tell the team's admins."""
    if disable(endpoint=endpoint, because=because):
        mail.tell_admins_of_disabled(endpoint, because)


def disable_abandoned() -> None:
    """Whoever answers for an address must be in the team still: it may be a system of their own."""
    present = Membership.objects.filter(team=OuterRef("team"), user=OuterRef("vouched_by"), user__is_active=True)
    enabled = Endpoint.objects.filter(~Exists(present), disabled_at=None)
    for endpoint in enabled.select_related("team", "vouched_by"):
        who = f", {endpoint.vouched_by.username}," if endpoint.vouched_by else ""
        because = f"Who answered for this address{who} is not active in the team any more."
        give_up(endpoint, f"{because} Enable it if messages may go there still.")


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
    found = Endpoint.objects.filter(team=team).select_related("vouched_by")
    return found.annotate(waiting=waiting).order_by("created_at")


def can_sign(endpoint: Endpoint) -> bool:
    """Whether one of its secrets is of a key that the platform still has."""
    holding = Secret.objects.filter(Q(until=None) | Q(until__gt=timezone.now()), endpoint=endpoint)
    return bool(signing.secrets_of(holding.values_list("seed", flat=True)))


def older_secrets(endpoint: Endpoint) -> QuerySet[Secret]:
    """Those that were replaced and hold still; what ends last is first."""
    return Secret.objects.filter(endpoint=endpoint, until__gt=timezone.now()).order_by("-until")


def deliveries(endpoint: Endpoint, *, before: int | None = None, limit: int) -> Sequence[Delivery]:
    """The newest first, from just before that one, each with its message."""
    found = Delivery.objects.filter(endpoint=endpoint).select_related("message")
    if before:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def attempts(delivery: Delivery) -> QuerySet[DeliveryAttempt]:
    """Each try at it, the newest first."""
    return delivery.log.order_by("-number")


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
