"""Bearer tokens: made and shown once, recognised, revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from foundry.accounts.models import Scope, Team, Token, User

_PREFIX = "fdy_"
_SHOWN = len(_PREFIX) + 6
#: `last_used_at` is good to this; writing it at every call would cost each read a write.
_USE_RECORDED_EACH = timedelta(minutes=1)


def create(
    *, user: User, team: Team, name: str, scopes: Iterable[Scope] = tuple(Scope), expires_at: datetime | None = None
) -> tuple[Token, str]:
    """Make a token. The second value is its secret, which nobody can see again."""
    secret = _PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        team=team,
        name=name,
        prefix=secret[:_SHOWN],
        digest=_digest(secret),
        scopes=" ".join(scopes),
        expires_at=expires_at,
    )
    return token, secret


def recognise(secret: str) -> Token | None:
    """The valid token with that secret, or None if it is unknown, expired, revoked or its user is not active."""
    now = timezone.now()
    token = (
        Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, user__is_active=True)
        .filter(digest=_digest(secret), user__membership__team=F("team"))
        .select_related("user", "team")
        .first()
    )
    if token and (token.last_used_at is None or now - token.last_used_at > _USE_RECORDED_EACH):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(*, token: Token) -> None:
    """End a token for good."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
