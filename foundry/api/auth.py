"""Who calls: a bearer token stands for a user in a team, with scopes; a direct invoke for one service account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja.security.http import HttpAuthBase

from foundry.accounts import caller as callers
from foundry.accounts import tokens
from foundry.accounts.caller import Caller
from foundry.accounts.models import Scope
from foundry.api.problems import ProblemError

HOW = (
    "Send the header 'Authorization: Bearer fdy_...' with a token; make one in the portal under Account, Tokens, or "
    "with 'manage.py token create'."
)


class CallerRequest(HttpRequest):
    """A request whose caller is known."""

    auth: Caller


class BearerToken(HttpAuthBase):
    """A token that is valid and has the scope; a direct invoke needs none."""

    openapi_scheme = "bearer"
    openapi_description = HOW

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope

    def __call__(self, request: HttpRequest) -> Caller:
        return caller(request, self._scope)


def caller(request: HttpRequest, scope: Scope) -> Caller:
    """Who calls, and has the scope. A token counts wherever one is given. Raises ProblemError 401 or 403."""
    header = request.headers.get("Authorization")
    if header is None and _is_direct_invoke(request):
        return _invoker()
    kind, _, secret = (header or "").partition(" ")
    if kind.lower() != "bearer":
        raise ProblemError(401, "No token was given. " + HOW, WWW_Authenticate="Bearer")
    return _of_token(secret.strip(), scope)


def _of_token(secret: str, scope: Scope) -> Caller:
    token = tokens.recognise(secret) if secret.isascii() else None
    if token is None:
        raise ProblemError(
            401,
            "The token is unknown, has expired or was revoked. " + HOW,
            WWW_Authenticate='Bearer error="invalid_token"',
        )
    found = callers.from_token(token)
    if not found.may(scope):
        raise ProblemError(
            403,
            f"The token {token.name!r} does not have the scope {scope.value!r} ({scope.label}). What a token may do is "
            "settled when it is made: make another one in the portal under Account, Tokens, or with "
            "'manage.py token create'.",
            WWW_Authenticate=f'Bearer error="insufficient_scope", scope="{scope.value}"',
        )
    return found


def _is_direct_invoke(request: HttpRequest) -> bool:
    """Whether the event was given to the function itself, where IAM says who may, and not to its HTTP front.

    Every front (API Gateway, load balancer, function URL) fills the event's requestContext; no HTTP client can empty
    it, nor set the WSGI variable that Zappa puts the event into.
    """
    event = request.META.get("lambda.event")
    return event is not None and not event.get("requestContext")


def _invoker() -> Caller:
    """It may read and write, which are all scopes that a view asks for here."""
    found = callers.invoker()
    if not found.user.is_active:
        raise ProblemError(403, f"The account {found.user.username!r}, which invokes act as, is not active.")
    return found


reader: Callable[[HttpRequest], Any] = BearerToken(Scope.READ)
writer: Callable[[HttpRequest], Any] = BearerToken(Scope.WRITE)
