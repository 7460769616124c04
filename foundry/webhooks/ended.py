"""From jobs that have ended to messages that wait to be sent.

The trigger on jobs writes into the transaction that ends one; whoever looks next, a slot or the sweep, makes of it what
is to be told. Looking twice, or two at the same moment, tells nothing twice: what is made is named by the request and
the moment it ended at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from foundry.accounts.models import MailWhen, Membership
from foundry.core import requests
from foundry.core.models import Job, JobState, ServiceRequest
from foundry.core.requests import RequestState, RequestView
from foundry.webhooks import mail_address, payload
from foundry.webhooks.models import Delivery, Endpoint, Mail, Message

#: Jobs looked at in one transaction.
_AT_ONCE = 500

_TAKE = """
DELETE FROM webhooks_jobended
WHERE id IN (SELECT id FROM webhooks_jobended ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING request_id
"""


def collect() -> int:
    """Make what is to be told of requests that have ended. Returns how many requests that were."""
    told, more = 0, True
    while more:
        with transaction.atomic():
            taken = _take()
            views = _ended(set(taken))
            _tell(views)
        told, more = told + len(views), len(taken) == _AT_ONCE
    return told


def _ended(found: Collection[UUID]) -> list[RequestView]:
    """Those of the requests that have ended; the others leave word again with their next job."""
    if not found:
        return []
    unfinished = Job.objects.filter(request=OuterRef("pk"), state__in=[JobState.QUEUED, JobState.RUNNING])
    ended = ServiceRequest.objects.filter(~Exists(unfinished), pk__in=found)
    return [view for view in map(requests.view, requests.with_progress(ended)) if view.finished_at]


def _take() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [_AT_ONCE])
        return [request for (request,) in cursor.fetchall()]


def _tell(views: Sequence[RequestView]) -> None:
    teams = {view.request.team_id for view in views}
    endpoints, reachable = _endpoints(teams), _reachable(teams)
    messages: list[Message] = []
    deliveries: list[Delivery] = []
    mails: list[Mail] = []
    for view in views:
        message_id = _message_id(view)
        to = [one for one in endpoints.get(view.request.team_id, ()) if view.state in one.states.split()]
        if to:
            messages.append(payload.finished(message_id, view))
            deliveries += [Delivery(message_id=message_id, endpoint=one) for one in to]
        if (view.request.team_id, view.request.owner_id) in reachable:
            mails += _mail(message_id, view)
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    Mail.objects.bulk_create(mails, ignore_conflicts=True)


def _endpoints(teams: Collection[int]) -> Mapping[int, list[Endpoint]]:
    found: dict[int, list[Endpoint]] = {}
    for endpoint in Endpoint.objects.filter(team__in=teams, disabled_at=None):
        found.setdefault(endpoint.team_id, []).append(endpoint)
    return found


def _reachable(teams: Collection[int]) -> set[tuple[int, int]]:
    """Each team with each of its members who may be written to; who was removed from it is none."""
    if not settings.FOUNDRY_MAIL_URL:
        return set()
    found = Membership.objects.filter(team__in=teams, user__is_active=True, user__in=mail_address.confirmed())
    return set(found.values_list("team_id", "user_id"))


def _message_id(view: RequestView) -> str:
    """The same for everybody who looks at this end of the request; a retry ends it at another moment."""
    ended = f"{view.request.pk} {view.finished_at}"
    return f"msg_{hashlib.sha256(ended.encode()).hexdigest()[:32]}"


_SUBJECTS = {
    RequestState.SUCCEEDED: "succeeded",
    RequestState.PARTIAL: "ended, and some items failed",
    RequestState.FAILED: "failed",
    RequestState.CANCELLED: "was cancelled",
}


def _mail(message_id: str, view: RequestView) -> Iterator[Mail]:
    """To the owner, if they want it; who cancels knows."""
    request, user = view.request, view.request.owner
    wanted = {MailWhen.ENDED: True, MailWhen.FAILED: view.state in (RequestState.PARTIAL, RequestState.FAILED)}
    if not wanted.get(MailWhen(user.mail_when)) or view.state == RequestState.CANCELLED:
        return
    name = " ".join(request.label.split()) or str(request.pk)[:8]
    text = (
        f"Your request {name} to {request.service} {request.version} {_SUBJECTS[view.state]}.\n\n"
        f"{view.items_succeeded:,} of {request.item_count:,} items succeeded, {view.items_failed:,} failed.\n\n"
        f"{payload.page(request.pk)}\n\n"
        f"You get this because of the choice in your account: {settings.FOUNDRY_PUBLIC_URL}/account/\n"
    )
    subject = f"{request.service}: {name} {_SUBJECTS[view.state]}"
    yield Mail(key=f"{message_id}:{user.pk}", user=user, to=user.email, subject=subject, text=text)
