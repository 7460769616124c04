"""Who may do what: users, the teams they share requests with, and the tokens their programs use."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class MailWhen(models.TextChoices):
    """Of which of their requests a user is told by e-mail."""

    NEVER = "never", "Never"
    FAILED = "failed", "When something in it has failed"
    ENDED = "ended", "Whenever one has ended"


class User(AbstractUser):
    """A person, or a service account that programs act as."""

    #: An address that is known to be theirs: mail goes to `email` only while it is this one.
    confirmed_email = models.EmailField(blank=True, default="", db_default="")
    mail_when = models.CharField(max_length=6, choices=MailWhen, default=MailWhen.NEVER, db_default=MailWhen.NEVER)
    #: The team that the pages show and submit for, which the user chose; `teams.acting` reads it.
    acting_for = models.ForeignKey("Team", on_delete=models.SET_NULL, null=True, blank=True, related_name="actors")


class Team(models.Model):
    """People who see and manage each other's requests."""

    name = models.SlugField(max_length=100, unique=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    #: Whose own team it is, with nobody else in it; None: one for several people.
    personal_of = models.OneToOneField(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="personal_team"
    )

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do in a team. Requests belong to all of them alike."""

    MEMBER = "member", "Member"
    #: Invites and removes members, and sets their roles; ends their tokens. A team always has one.
    ADMIN = "admin", "Admin"


class Membership(models.Model):
    """A user's place in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    role = models.CharField(max_length=6, choices=Role, default=Role.MEMBER, db_default=Role.MEMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]


class Invitation(models.Model):
    """A place in a team that is offered to a user, who is in it once they accept."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=6, choices=Role)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_invitation_per_team"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        ]


class Scope(models.TextChoices):
    """What a token allows."""

    READ = "requests:read", "See the team's requests and results"
    WRITE = "requests:write", "Submit, cancel and retry requests"
    PRIORITY = "requests:priority", "Submit above the normal priority"


class Token(models.Model):
    """A bearer token of one user in one team. Of its 256 bits only the SHA-256 is kept; a slower hash adds nothing."""

    name = models.CharField(max_length=100)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="tokens")
    #: The part shown in lists, so that people recognise it.
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    #: Separated by spaces, as OAuth writes them.
    scopes = models.CharField(max_length=500)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"


class SignInAttempts(models.Model):
    """How often somebody tried to sign in of late; see `attempts`."""

    #: A hash of whose attempts they are.
    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField()
    #: When the first of them was.
    since = models.DateTimeField(db_index=True)
