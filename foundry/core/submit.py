"""Submit: a service request goes in. One transaction, whatever its number of items."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from pydantic_core import from_json, to_json

from foundry import catalog
from foundry.accounts.caller import Caller
from foundry.accounts.models import Team
from foundry.contract import Service
from foundry.core import models
from foundry.core.copy import copy_into
from foundry.core.drafts import CheckedItem, Draft, check_items, check_options
from foundry.core.errors import IdempotencyConflictError, InvalidRequestError
from foundry.core.nudge import nudge
from foundry.core.releases import choose
from foundry.core.slice import slice_into_jobs
from foundry.core.tags import check as check_tags

_BAD_ITEMS_SHOWN = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Submitted:
    """The request, and whether it was there already under the same idempotency key."""

    request: models.ServiceRequest
    replayed: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a caller asks of a service. `defaults` are values for item fields that an item does not give itself."""

    service: str
    items: Sequence[Draft]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    label: str = ""
    tags: Sequence[str] = ()
    priority: int = 0
    idempotency_key: str | None = None


def submit(*, caller: Caller, submission: Submission) -> Submitted:
    """Accept a request: its good items go into jobs, its bad ones have their error at once.

    Raises InvalidRequestError if nothing of it can be computed, UnknownServiceError, NotReleasedError, and
    IdempotencyConflictError if the key was used for something else. The same submission under the same key is accepted
    once.
    """
    service = catalog.get(submission.service)
    content = fingerprint(submission)
    if earlier := _earlier(caller, submission, content):
        return Submitted(earlier, replayed=True)
    options = check_options(service, submission.options)
    checked = check_items(service, submission.items, submission.defaults)
    _require_something_to_compute(service, checked)
    request = models.ServiceRequest(
        owner=caller.user,
        team=caller.team,
        service=service.name,
        version=service.version,
        label=submission.label,
        tags=check_tags(submission.tags),
        options=options.model_dump(mode="json", exclude_unset=True),
        priority=submission.priority,
        item_count=len(checked),
        invalid_count=sum(item.error is not None for item in checked),
        idempotency_key=submission.idempotency_key,
        fingerprint=content,
    )
    try:
        _insert(service, request, checked)
    except IntegrityError:
        if earlier := _earlier(caller, submission, content):  # it came twice at once
            return Submitted(earlier, replayed=True)
        raise
    return Submitted(request, replayed=False)


def fingerprint(submission: Submission) -> bytes:
    """SHA-256 of what is submitted, its idempotency key not counted."""
    items = [(draft.values, draft.source, draft.error) for draft in submission.items]
    content = (
        submission.service,
        items,
        submission.options,
        submission.defaults,
        submission.label,
        submission.priority,
        *submission.tags,
    )
    return hashlib.sha256(to_json(content)).digest()


def latest_alike(*, team: Team, submission: Submission, within: timedelta) -> models.ServiceRequest | None:
    """The team's newest request with exactly this content, if it is not older than that."""
    recent = models.ServiceRequest.objects.filter(team=team, created_at__gt=Now() - within)
    return recent.filter(fingerprint=fingerprint(submission)).order_by("-created_at").first()


def _earlier(caller: Caller, submission: Submission, content: bytes) -> models.ServiceRequest | None:
    """The request that was accepted under this key before."""
    if submission.idempotency_key is None:
        return None
    earlier = models.ServiceRequest.objects.filter(team=caller.team, idempotency_key=submission.idempotency_key).first()
    if earlier and bytes(earlier.fingerprint) != content:
        raise IdempotencyConflictError(submission.idempotency_key)
    return earlier


def _require_something_to_compute(service: Service, items: Sequence[CheckedItem]) -> None:
    bad = [item for item in items if item.error]
    if len(bad) < len(items):
        return
    faults = [fault(item) for item in bad[:_BAD_ITEMS_SHOWN]]
    shown = f" The first {_BAD_ITEMS_SHOWN} are shown." if len(bad) > _BAD_ITEMS_SHOWN else ""
    which = f"None of the {len(items):,} items" if len(items) > 1 else "The item"
    cannot = "can" if len(items) > 1 else "cannot"
    raise InvalidRequestError(f"{which} {cannot} be computed by {service.name}; see `errors`.{shown}", faults)


def fault(item: CheckedItem) -> dict[str, Any]:
    """A refused item's error, as the API shows it."""
    assert item.error  # noqa: S101
    where = {"position": item.position, "name": item.name, "source": from_json(item.source) if item.source else None}
    return where | dataclasses.asdict(item.error)


def _insert(service: Service, request: models.ServiceRequest, checked: Sequence[CheckedItem]) -> None:
    with transaction.atomic():
        request.save(force_insert=True)
        release = choose(service.name)  # one for all jobs of the request
        good = [item for item in checked if item.error is None]
        slices = list(slice_into_jobs(good, service.slicing))
        jobs = models.Job.objects.bulk_create([_job(service, release, request, items) for items in slices])
        copy_into(models.Item, _ITEM_COLUMNS, _item_rows(request, zip(jobs, slices, strict=True), checked))
        copy_into(models.Result, _RESULT_COLUMNS, _refusals(request, checked))
        transaction.on_commit(partial(nudge, service=service.name, release=release, jobs=len(jobs)))


def _job(service: Service, release: str, request: models.ServiceRequest, items: Sequence[CheckedItem]) -> models.Job:
    return models.Job(
        request=request,
        service=service.name,
        release=release,
        owner_id=request.owner_id,
        priority=request.priority,
        attempt_limit=service.limits.attempts,
        items=len(items),
    )


_ITEM_COLUMNS = ("request_id", "position", "job_id", "name", "digest", "input", "source")
_RESULT_COLUMNS = ("request_id", "position", "state", "error")


def _item_rows(
    request: models.ServiceRequest,
    jobs: Iterable[tuple[models.Job, Sequence[CheckedItem]]],
    checked: Sequence[CheckedItem],
) -> Iterator[tuple[object, ...]]:
    job_of = {item.position: job.pk for job, items in jobs for item in items}
    for item in checked:
        job = job_of.get(item.position)
        yield request.pk, item.position, job, item.name, item.digest, item.input, item.source


def _refusals(request: models.ServiceRequest, checked: Sequence[CheckedItem]) -> Iterator[tuple[object, ...]]:
    for item in checked:
        if item.error:
            yield request.pk, item.position, models.ResultState.FAILED.value, to_json(item.error)
