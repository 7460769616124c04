"""Pages of tokens: programs use them to act for a user in a team."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from foundry.accounts import teams, tokens
from foundry.accounts.models import Role, Scope, Token
from foundry.portal.account import confirm
from foundry.portal.account.forms import TokenForm
from foundry.portal.account.once import redirect_showing, render_once
from foundry.portal.page import PageRequest, other_team, page

_SHOWN = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def index(request: PageRequest) -> HttpResponseBase:
    """One's own tokens for the team, those of all members for its admins; and a new one, shown once."""
    form = TokenForm(request.POST or None, scopes=request.caller.scopes)
    if request.method == "POST" and form.is_valid():
        if refusal := other_team(request):
            form.add_error(None, refusal)
        else:
            return redirect_showing(request, reverse("portal:tokens"), _make(request, form))
    found = _visible(request).select_related("user").order_by("-created_at")[:_SHOWN]
    context = {"form": form, "tokens": [(token, _allowed(token)) for token in found], "now": timezone.now()}
    return render_once(request, "portal/account/tokens.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def revoke(request: PageRequest, token_id: int) -> HttpResponseBase:
    """End a token for good. Asked first."""
    token = get_object_or_404(_visible(request).select_related("user"), pk=token_id)
    if request.method != "POST":
        return confirm.ask(
            request,
            question=f"Revoke the token {token.name}?",
            text=f"What sends {token.prefix}… as {token.user.get_username()} is refused from then on, for good.",
            verb="Revoke the token",
            keep="Keep it",
            back=reverse("portal:tokens"),
            trail="Tokens",
        )
    tokens.revoke(token=token)
    messages.success(request, f"The token {token} is revoked.")
    return redirect("portal:tokens")


def _allowed(token: Token) -> list[str]:
    """What it allows, in the words of the form that made it."""
    return [Scope(scope).label for scope in token.scopes.split()]


def _make(request: PageRequest, form: TokenForm) -> str:
    days = form.cleaned_data["days"]
    _, secret = tokens.create(
        user=request.user,
        team=request.caller.team,
        name=form.cleaned_data["name"],
        scopes=[Scope(scope) for scope in form.cleaned_data["scopes"]],
        expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
    )
    return secret


def _visible(request: PageRequest) -> QuerySet[Token]:
    caller = request.caller
    found = Token.objects.filter(team=caller.team)
    is_admin = teams.role(team=caller.team, user=caller.user) == Role.ADMIN
    return found if is_admin else found.filter(user=caller.user)
