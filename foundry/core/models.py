"""Requests, items, jobs, attempts and results: the tables that are the queue.

What can never be is written as a constraint here or, for changes of state, as a trigger in the second migration.
Only the modules of this package write to them: submit, claim, lease, finish, cost, sweep, cancel, retry and releases.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat, Now

from foundry.accounts.models import Team, User


class TextJSONField(models.JSONField):
    """JSON kept as PostgreSQL's `json`: written in 60 % of the time of `jsonb`, and read back as it was written.

    For what is written once and read whole.
    """

    def db_type(self, connection: Any) -> str:
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # the driver has parsed it already, as it does with `json` and not with `jsonb`


class UncheckedJSONField(models.JSONField):
    """JSON kept as `text`, which PostgreSQL does not parse: for rows that the platform writes by the thousand."""

    def db_type(self, connection: Any) -> str:
        return "text"


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


class ReleaseState(models.TextChoices):
    """`candidate -> live -> draining -> retired`; from draining and retired back, until it is pruned."""

    #: Gets its share of the new jobs; the live release gets the others.
    CANDIDATE = "candidate"
    LIVE = "live"
    #: Gets no new jobs and finishes those it has.
    DRAINING = "draining"
    #: Has no unfinished jobs; may be pruned.
    RETIRED = "retired"


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
    #: What people find it by: words of at most 50 letters, the first few of them; see `foundry.core.tags`.
    tags = models.JSONField(db_default=Value([], models.JSONField()))
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
            # What the service takes of late: see `foundry.core.estimate`.
            models.Index(
                fields=["service", "-finished_at"],
                condition=Q(state=JobState.SUCCEEDED, attempt=1),
                name="job_measured",
            ),
            # For operators: what has failed before and goes on.
            models.Index(
                fields=["-failures", "id"],
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING], failures__gte=1),
                name="job_struggling",
            ),
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


#: Columns that follow from others, so that no way in which an attempt may end forgets them.
_BILLED_MS = """CASE WHEN finished_at IS NOT NULL AND billed_from IS NOT NULL THEN ceil(1000 * extract(
    epoch FROM greatest(least(coalesce(left_at, finished_at), slot_ends_by), billed_from) - billed_from
)) END"""
_COST_USD = f"usd_for_invocation + usd_per_gb_second * memory_mb / 1024 * ({_BILLED_MS}) / 1000"
#: What is known at the claim of an attempt whose time is billed.
_BILLING = ("memory_mb", "price_list", "usd_per_gb_second", "usd_for_invocation", "billed_from", "slot_ends_by")


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
    # What it costs, where time is billed; all null elsewhere. See `foundry.core.cost`.
    memory_mb = models.PositiveIntegerField(null=True)
    #: Where the prices are from, and of when.
    price_list = models.CharField(max_length=100, null=True)  # noqa: DJ001  null: not billed
    usd_per_gb_second = models.DecimalField(max_digits=16, decimal_places=12, null=True)
    #: The price of the invocation itself, on its first attempt; 0 on the others.
    usd_for_invocation = models.DecimalField(max_digits=16, decimal_places=12, null=True)
    #: Before `started_at` by what the slot did for this attempt alone, such as its own start before its first one.
    billed_from = models.DateTimeField(null=True)
    #: When the slot is ended, whatever it does: no attempt is billed for longer.
    slot_ends_by = models.DateTimeField(null=True)
    #: When the slot was done with it, which may be later than its end: a cancelled one computes on.
    left_at = models.DateTimeField(null=True)
    billed_ms = models.GeneratedField(
        expression=RawSQL(_BILLED_MS, ()),  # noqa: S611  nothing of a caller's
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
    )
    cost_usd = models.GeneratedField(
        expression=RawSQL(_COST_USD, ()),  # noqa: S611
        output_field=models.DecimalField(max_digits=20, decimal_places=12, null=True),
        db_persist=True,
    )

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
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(finished_at__isnull=False), name="attempt_left_when_ended"
            ),
            models.CheckConstraint(
                condition=Q(**{f"{field}__isnull": False for field in _BILLING})
                | Q(**{f"{field}__isnull": True for field in _BILLING}),
                name="attempt_billed_or_not",
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
    values = UncheckedJSONField(null=True)
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


class ResultColumn(models.Model):
    """A column of a request's results, the values of all items in one: see `foundry.core.result_columns`.

    A cache, in an unlogged table: it may be emptied at any time.
    """

    pk = models.CompositePrimaryKey("request_id", "path")
    request = models.ForeignKey(
        ServiceRequest, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    path = models.CharField(max_length=200)
    kind = models.CharField(max_length=6)
    #: How many jobs and results there were.
    made_of = models.CharField(max_length=50)
    made_at = models.DateTimeField()
    made_in_s = models.FloatField()
    values = models.BinaryField()
    #: The places of the items in the order of their values.
    order = models.BinaryField(null=True)
    summary = TextJSONField(null=True)


class Release(models.Model):
    """One deployed version of a service's function. New jobs go to the live one, by `foundry.core.releases.choose`.

    Each change is kept in ReleaseChange by a trigger; another one refuses changes of state that cannot be.
    """

    service = models.CharField(max_length=100)
    #: What is invoked, "function:version"; jobs have it as their release.
    name = models.CharField(max_length=100)
    function = models.CharField(max_length=100)
    version = models.CharField(max_length=50)
    #: The service's own version in it.
    service_version = models.CharField(max_length=50)
    #: Of the code in it.
    commit = models.CharField(max_length=100, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_by = models.CharField(max_length=150)
    state = models.CharField(max_length=9, choices=ReleaseState)
    #: The part of new requests that a candidate gets, 0 to 1.
    share = models.FloatField(null=True)
    #: When its version was given up for removal; it cannot be live again.
    pruned_at = models.DateTimeField(null=True)
    #: Who made the last change.
    changed_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "name"], name="one_release_per_service_and_name"),
            models.UniqueConstraint(
                fields=["service"], condition=Q(state=ReleaseState.LIVE), name="one_live_release_per_service"
            ),
            models.UniqueConstraint(
                fields=["service"], condition=Q(state=ReleaseState.CANDIDATE), name="one_candidate_per_service"
            ),
            models.CheckConstraint(condition=_is_one_of(ReleaseState), name="release_state_known"),
            models.CheckConstraint(
                condition=Q(name=Concat("function", Value(":"), "version")), name="release_named_by_what_is_invoked"
            ),
            models.CheckConstraint(
                condition=Q(state=ReleaseState.CANDIDATE, share__isnull=False, share__range=(0, 1))
                | (~Q(state=ReleaseState.CANDIDATE) & Q(share__isnull=True)),
                name="release_share_of_a_candidate",
            ),
            models.CheckConstraint(
                condition=Q(pruned_at__isnull=True) | Q(state=ReleaseState.RETIRED), name="release_pruned_when_retired"
            ),
        ]


class ReleaseChange(models.Model):
    """What became of a release, when and by whom. Written by a trigger on Release, and by nothing else."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(db_default=Now())
    by = models.CharField(max_length=150)
    state = models.CharField(max_length=9, choices=ReleaseState)
    share = models.FloatField(null=True)
    pruned = models.BooleanField(default=False)
