"""Who is told that a request has ended, and what became of telling them.

Requests are named by their id and not by a foreign key: what was told stays when a request is removed.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from foundry.accounts.models import Team, User


class JobEnded(models.Model):
    """A job has ended, so its request may have. Written by a trigger in the transaction that ended the job.

    It is removed once somebody has looked, so that nothing is lost whatever dies in between.
    """

    request_id = models.UUIDField()


class Endpoint(models.Model):
    """An address of a team's that is told of its requests."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="endpoints")
    url = models.CharField(max_length=500)
    #: The states of ended requests that it is told of, separated by spaces.
    states = models.CharField(max_length=100)
    #: The member who answers for the address: who gave it last, or enabled it since.
    vouched_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    #: Since when nothing could be delivered; None: the last message was.
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_because="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_because="")),
                name="endpoint_disabled_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class Secret(models.Model):
    """What an endpoint's messages are signed with. The secret itself is kept nowhere: it is made of the seed."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    seed = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())
    #: It was replaced, and signs until then beside the newer ones; None: it is the newest.
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(until=None), name="one_newest_secret_per_endpoint"
            ),
        ]


class Message(models.Model):
    """What endpoints are told. The id is the same however often it is sent; receivers know repetitions by it."""

    id = models.CharField(primary_key=True, max_length=40)
    type = models.CharField(max_length=50)
    #: None: a test.
    request_id = models.UUIDField(null=True)
    #: JSON, exactly as it is sent and signed.
    payload = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)


class SendingState(models.TextChoices):
    """Of a delivery or a mail: `waiting -> sent | failed`, and back to waiting when it is asked for again."""

    WAITING = "waiting"
    SENT = "sent"
    #: Given up.
    FAILED = "failed"


class Delivery(models.Model):
    """A message on its way to an endpoint."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=7, choices=SendingState, default=SendingState.WAITING)
    #: How often it was claimed to be sent; with the id it names the attempt that may record what came of it.
    attempts = models.PositiveIntegerField(default=0)
    #: The same since it was last asked for: what the next pause depends on.
    tries = models.PositiveIntegerField(default=0)
    #: Not to be sent before. Whoever sends it moves it on first, so that nobody else sends it meanwhile.
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["message", "endpoint"], name="one_delivery_per_endpoint"),
            models.CheckConstraint(condition=Q(state__in=SendingState.values), name="delivery_state_known"),
            models.CheckConstraint(condition=Q(tries__lte=F("attempts")), name="delivery_tries_are_attempts"),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="delivery_newest_first"),
            models.Index(
                fields=["endpoint", "due_at"], condition=Q(state=SendingState.WAITING), name="delivery_waiting"
            ),
        ]


class DeliveryAttempt(models.Model):
    """One try at a delivery, and what came of it."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    #: The HTTP status; None: no answer.
    status = models.PositiveSmallIntegerField(null=True)
    #: Why it does not count as delivered; empty: it does.
    error = models.CharField(max_length=300, blank=True)
    #: The beginning of the answer's body.
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="one_attempt_per_delivery_number")]


class Turn(models.Model):
    """Somebody sends, or was woken to: see `foundry.webhooks.turn` and `waking`. Past `until` they do not count."""

    class Name(models.TextChoices):
        SENDING = "sending"
        WOKEN = "woken"

    name = models.CharField(primary_key=True, max_length=7, choices=Name)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(name__in=["sending", "woken"]), name="turn_known")]


class Mail(models.Model):
    """An e-mail to a user."""

    #: What it is about and to whom, so that nobody is told the same twice.
    key = models.CharField(max_length=100, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    #: The user's address when it was written.
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    state = models.CharField(max_length=7, choices=SendingState, default=SendingState.WAITING)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=SendingState.values), name="mail_state_known")]
        indexes = [models.Index(fields=["due_at"], condition=Q(state=SendingState.WAITING), name="mail_waiting")]
