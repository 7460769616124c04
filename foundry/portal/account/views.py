"""Pages of one's own account: who one is, and the password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from foundry.environment import CONSOLE
from foundry.portal.account.forms import PasswordForm, ProfileForm
from foundry.portal.account.mail_address import send_link
from foundry.portal.page import PageRequest, page
from foundry.webhooks import mail_address


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def profile(request: PageRequest) -> HttpResponseBase:
    """Name, e-mail address, and of what one is told by e-mail."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        if settings.FOUNDRY_MAIL_URL and request.user.email and "email" in form.changed_data:
            send_link(request)
        return redirect("portal:account")
    context = {
        "form": form,
        "sends_mail": bool(settings.FOUNDRY_MAIL_URL),
        "only_writes_mail": settings.FOUNDRY_MAIL_URL == CONSOLE,
        "is_confirmed": mail_address.is_confirmed(request.user),
    }
    return render(request, "portal/account/profile.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def password(request: PageRequest) -> HttpResponseBase:
    """Change one's password; other sessions of one's own end."""
    form = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(request, "Your password is changed. Where else you were signed in, you are not any more.")
        return redirect("portal:account")
    return render(request, "portal/account/password.html", {"form": form})
