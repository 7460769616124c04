"""The files that were too large for an answer, and who makes them. `foundry.aws.stored` writes it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from foundry.core.models import ServiceRequest


class FileState(models.TextChoices):
    """`making -> made | failed`, and from all of them to `making` again."""

    MAKING = "making"
    MADE = "made"
    FAILED = "failed"


class StoredFile(models.Model):
    """One file of a request as its results are, in the bucket under its key."""

    key = models.CharField(max_length=1024, unique=True)
    #: Removed with it by the database, see the migration: the sweep removes requests with SQL.
    request = models.ForeignKey(ServiceRequest, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    #: A `foundry.api.files.Asked`.
    asked = models.JSONField()
    state = models.CharField(max_length=6, choices=FileState)
    #: Which try this is, from 1, since it was last made.
    attempt = models.PositiveSmallIntegerField()
    claimed_at = models.DateTimeField(db_default=Now())
    #: Making: until then nobody else makes it. Failed: until then nobody tries again.
    until = models.DateTimeField()
    #: Whether an invocation of its own has taken it on.
    begun = models.BooleanField(db_default=False)
    #: Why the last try failed, for users.
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=FileState.values), name="file_state_known"),
            models.CheckConstraint(condition=Q(attempt__gte=1), name="file_attempt_from_one"),
        ]
        indexes = [
            models.Index(fields=["until"], condition=Q(state=FileState.MAKING), name="file_being_made"),
        ]
