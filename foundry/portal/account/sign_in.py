"""The page on which people sign in. Who tries wrong passwords has to wait."""

from __future__ import annotations

import ipaddress
import math
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from foundry.accounts import attempts
from foundry.accounts.attempts import TooManyAttemptsError

#: Of an IPv6 address: whoever has one has all that begin the same.
_NETWORK_BITS = 64


class SignInForm(AuthenticationForm):
    """Django's own, for as many attempts as there may be."""

    #: How many seconds to wait before the next attempt, if this was one too many.
    wait_s = 0

    def clean(self) -> dict[str, Any]:
        assert self.request is not None  # noqa: S101
        if self.errors:
            return self.cleaned_data
        who = {"username": self.cleaned_data["username"], "address": _address(self.request)}
        try:
            attempts.count(**who)
        except TooManyAttemptsError as error:
            self.wait_s = math.ceil(error.wait.total_seconds())
            raise ValidationError(_too_many(self.wait_s)) from None
        cleaned = super().clean()
        attempts.forgive(**who)
        return cleaned


def _too_many(wait_s: int) -> str:
    minutes = math.ceil(wait_s / 60)
    return f"There were too many attempts. Try again in {minutes} minute{'s' if minutes > 1 else ''}."


class SignIn(LoginView):
    """Says 429 with the time to wait to those who have to."""

    template_name = "portal/account/sign_in.html"
    authentication_form = SignInForm

    def form_invalid(self, form: Any) -> HttpResponse:
        answer = super().form_invalid(form)
        if form.wait_s:
            answer.status_code = 429
            answer.headers["Retry-After"] = str(form.wait_s)
        return answer


def _address(request: HttpRequest) -> str:
    """Where a request comes from, as whoever stands right before us saw it; not as the client says.

    API Gateway tells it in the event. In production there is a proxy before us, whose addition to X-Forwarded-For is
    the last one.
    """
    context = request.META.get("lambda.event", {}).get("requestContext", {})
    told = (context.get("identity") or context.get("http") or {}).get("sourceIp")
    if not told and settings.PRODUCTION:
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return _network(told or request.META["REMOTE_ADDR"])


def _network(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(ipaddress.ip_network((known, _NETWORK_BITS), strict=False))
