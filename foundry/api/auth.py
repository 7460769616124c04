"""Who calls: a bearer token stands for a user in a team, with scopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from foundry.accounts import caller as callers
from foundry.accounts import tokens
from foundry.accounts.caller import Caller
from foundry.accounts.models import Scope
from foundry.api.problems import ProblemError

HOW = "Send the header 'Authorization: Bearer fdy_...' with a token made by 'manage.py token create'."


class CallerRequest(HttpRequest):
    """A request whose caller is known."""

    auth: Caller


class BearerToken(HttpBearer):
    """A token that is valid and has the scope."""

    openapi_description = HOW

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        return recognise(token, self._scope)


def recognise(secret: str, scope: Scope) -> Caller:
    """The caller whose token it is. Raises ProblemError 401 or 403."""
    token = tokens.recognise(secret) if secret.isascii() else None
    if token is None:
        raise ProblemError(
            401,
            "The token is unknown, has expired or was revoked. " + HOW,
            WWW_Authenticate='Bearer error="invalid_token"',
        )
    caller = callers.from_token(token)
    if not caller.may(scope):
        raise ProblemError(
            403,
            f"The token {token.name!r} does not have the scope {scope.value!r}.",
            WWW_Authenticate=f'Bearer error="insufficient_scope", scope="{scope.value}"',
        )
    return caller


reader: Callable[[HttpRequest], Any] = BearerToken(Scope.READ)
writer: Callable[[HttpRequest], Any] = BearerToken(Scope.WRITE)
