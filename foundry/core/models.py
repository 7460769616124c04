"""Requests, items, jobs, attempts and results: the tables that are the queue.

What can never be is written as a constraint here or, for changes of state, as a trigger in the second migration.
Only the modules of this package write to them: submit, claim, lease, finish, sweep, cancel and retry.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from foundry.accounts.models import Team, User


class TextJSONField(models.JSONField):
    """JSON kept as PostgreSQL's `json`: written in 60 % of the time of `jsonb`, and read back as it was written.

    For what is written once and read whole.
    """

    def db_type(self, connection: Any) -> str:
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # the driver has parsed it already, as it does with `json` and not with `jsonb`


class JobState(models.TextChoices):
    """`queued -> running -> succeeded | failed | cancelled`, and `running -> queued` to try again or go on."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AttemptState(models.TextChoices):
    """What became of one try at a job."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    #: It raised, was killed at its timeout, or its lease ran out. Counts towards the service's attempt limit.
    FAILED = "failed"
    #: It handed the job back in good order: to go on later, or because its worker was told to stop.
    HANDED_BACK = "handed_back"
    CANCELLED = "cancelled"


class ResultState(models.TextChoices):
    SUCCEEDED = "succeeded"
    FAILED = "failed"


def _is_one_of(choices: type[models.TextChoices]) -> Q:
    return Q(state__in=choices.values)


class ServiceRequest(models.Model):
    """What a user submitted to one service. Its state is derived from its jobs: see `foundry.core.requests`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    service = models.CharField(max_length=100)
    version = models.CharField(max_length=50)
    label = models.CharField(max_length=200, blank=True)
    options = TextJSONField()
    priority = models.SmallIntegerField(default=0)
    item_count = models.PositiveIntegerField()
    #: Items refused when the request was accepted; they have a result but no job.
    invalid_count = models.PositiveIntegerField()
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001  null: none given, never equal
    #: SHA-256 of what was submitted, to tell a repeated submission from another one under the same key.
    fingerprint = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "idempotency_key"], name="one_request_per_idempotency_key"),
            models.CheckConstraint(condition=Q(item_count__gte=1), name="request_has_items"),
            models.CheckConstraint(condition=Q(invalid_count__lt=F("item_count")), name="request_has_valid_items"),
            models.CheckConstraint(condition=Q(priority__range=(-5, 5)), name="request_priority_in_range"),
        ]
        indexes = [
            models.Index(fields=["team", "-created_at", "-id"], name="request_newest_first"),
            models.Index(fields=["created_at"], name="request_by_age"),
        ]


class Job(models.Model):
    """A slice of a request's items that one invocation computes; the unit of retry."""

    request = models.ForeignKey(ServiceRequest, on_delete=models.CASCADE, related_name="jobs")
    #: The job whose failed items this one computes again.
    retry_of = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=JobState, default=JobState.QUEUED)
    # Copied from the request, so that a claim reads one index.
    service = models.CharField(max_length=100)
    release = models.CharField(max_length=100)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    priority = models.SmallIntegerField()
    #: How many failed attempts end the job: the service's limit when the job was accepted.
    attempt_limit = models.PositiveSmallIntegerField()
    #: How often it was claimed. With the id it names the attempt that may finish the job.
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    #: While items are computed one by one: the position of the one that is; if it ends the process, it is to blame.
    item_in_hand = models.PositiveIntegerField(null=True)
    #: Items that ended their process.
    culprits = models.PositiveSmallIntegerField(db_default=0)
    items = models.PositiveIntegerField()
    items_succeeded = models.PositiveIntegerField(default=0)
    items_failed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    #: Not to be claimed before: moves into the future after a failed attempt.
    available_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True)
    #: The attempt that runs has until then, unless it renews.
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    #: Why the last failed attempt failed.
    error = TextJSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_is_one_of(JobState), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_until__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_until__isnull=True)),
                name="job_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING], finished_at__isnull=True)
                | (~Q(state__in=[JobState.QUEUED, JobState.RUNNING]) & Q(finished_at__isnull=False)),
                name="job_finished_at_when_ended",
            ),
            models.CheckConstraint(
                condition=Q(attempt=0, claimed_at__isnull=True) | Q(attempt__gte=1, claimed_at__isnull=False),
                name="job_claimed_at_when_attempted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[JobState.QUEUED, JobState.CANCELLED]) | Q(attempt__gte=1),
                name="job_attempted_when_run",
            ),
            models.CheckConstraint(condition=Q(failures__lte=F("attempt")), name="job_failures_are_attempts"),
            models.CheckConstraint(
                condition=Q(failures__lt=F("attempt_limit")) | Q(state=JobState.FAILED, failures=F("attempt_limit")),
                name="job_failed_at_the_attempt_limit",
            ),
            models.CheckConstraint(
                condition=~Q(state=JobState.FAILED) | Q(failures=F("attempt_limit")), name="job_failed_not_before"
            ),
            models.CheckConstraint(
                condition=Q(item_in_hand__isnull=True) | Q(state=JobState.RUNNING),
                name="job_item_in_hand_while_running",
            ),
            models.CheckConstraint(
                condition=Q(items__gte=F("items_succeeded") + F("items_failed")), name="job_items_counted"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[JobState.SUCCEEDED, JobState.FAILED])
                | Q(items=F("items_succeeded") + F("items_failed")),
                name="job_all_items_have_results",
            ),
            models.CheckConstraint(
                condition=~Q(state=JobState.FAILED) | Q(error__isnull=False), name="job_failed_for_a_reason"
            ),
            models.CheckConstraint(condition=Q(priority__range=(-5, 5)), name="job_priority_in_range"),
        ]
        indexes = [
            # The queue: `claim` walks it owner by owner. Finished jobs are not in it, however many there are.
            models.Index(
                fields=["service", "release", "priority", "owner", "id"],
                condition=Q(state=JobState.QUEUED),
                name="job_queue",
            ),
            models.Index(fields=["service", "owner"], condition=Q(state=JobState.RUNNING), name="job_running"),
            models.Index(fields=["lease_until"], condition=Q(state=JobState.RUNNING), name="job_leases"),
            # Whose turn it is: when an owner was last served.
            models.Index(fields=["service", "owner", "-claimed_at"], name="job_last_served"),
        ]


class Item(models.Model):
    """One design of a request, by its position from 1."""

    pk = models.CompositePrimaryKey("request_id", "position")
    request = models.ForeignKey(ServiceRequest, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    #: None: refused when the request was accepted.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    #: Items of one request with equal digests have equal results; they share a job and are computed once.
    digest = models.BinaryField(max_length=16)
    #: The item as the service receives it, or as it was sent where it is refused.
    input = TextJSONField()
    #: The file, record and line it was read from, if it came in a file.
    source = TextJSONField(null=True)


class Attempt(models.Model):
    """One try at a job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=11, choices=AttemptState, default=AttemptState.RUNNING)
    #: Who tried: host and process, or the Lambda invocation.
    slot = models.CharField(max_length=200)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    error = TextJSONField(null=True)
    #: What computed: the service's version and those of its libraries.
    versions = TextJSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="one_attempt_per_number"),
            models.CheckConstraint(condition=_is_one_of(AttemptState), name="attempt_state_known"),
            models.CheckConstraint(
                condition=Q(state=AttemptState.RUNNING, finished_at__isnull=True)
                | (~Q(state=AttemptState.RUNNING) & Q(finished_at__isnull=False)),
                name="attempt_finished_at_when_ended",
            ),
            models.CheckConstraint(
                condition=Q(state=AttemptState.FAILED, error__isnull=False)
                | (~Q(state=AttemptState.FAILED) & Q(error__isnull=True)),
                name="attempt_error_when_failed",
            ),
        ]


class Result(models.Model):
    """What an item came to. Written once: the key is the item's, and rows are never updated.

    Rows come by the thousand, so each has one foreign key, to its item, and one index, its key.
    """

    pk = models.CompositePrimaryKey("request_id", "position")
    request = models.ForeignKey(
        ServiceRequest, on_delete=models.CASCADE, related_name="results", db_constraint=False, db_index=False
    )
    position = models.PositiveIntegerField()
    #: None: the item was refused when the request was accepted.
    attempt = models.ForeignKey(
        Attempt, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=9, choices=ResultState)
    values = TextJSONField(null=True)
    error = TextJSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ResultState.SUCCEEDED, values__isnull=False, error__isnull=True)
                | Q(state=ResultState.FAILED, values__isnull=True, error__isnull=False),
                name="result_values_or_error",
            ),
        ]
        indexes = [
            models.Index(fields=["request", "position"], condition=Q(state=ResultState.FAILED), name="result_failed"),
        ]
