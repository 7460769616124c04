"""Pages about one's e-mail address: a link is sent there, and opening it shows that it is one's own."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from foundry.environment import CONSOLE
from foundry.portal.page import PageRequest, page
from foundry.webhooks import mail_address
from foundry.webhooks.mail_address import AddressError


@require_POST
@page(area="account")
def ask(request: PageRequest) -> HttpResponseBase:
    """Send a link, or another one."""
    send_link(request)
    return redirect("portal:account")


def send_link(request: PageRequest) -> None:
    """To the address in the account; the next page says so, or why not."""
    try:
        mail_address.ask(request.user)
    except AddressError as error:
        messages.error(request, str(error))
    else:
        email = request.user.email
        is_sent = settings.FOUNDRY_MAIL_URL != CONSOLE
        what = f"A link was sent to {email}." if is_sent else f"A link for {email} was written into the worker’s log."
        messages.success(request, f"{what} Open it to confirm that the address is yours.")


@require_http_methods(["GET", "HEAD", "POST"])
@page(area="account")
def confirm(request: PageRequest, token: str) -> HttpResponseBase:
    """Where the link leads. A look changes nothing: programs that check mails for viruses open links, too."""
    act = mail_address.confirm if request.method == "POST" else mail_address.named_by
    try:
        email = act(request.user, token)
    except AddressError as error:
        messages.error(request, str(error))
        return redirect("portal:account")
    if request.method != "POST":
        return render(request, "portal/account/mail_address.html", {"email": email})
    messages.success(request, f"Mails go to {email} from now on.")
    return redirect("portal:account")
