"""What people see where Django refuses before any page is asked, or a page fails."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from foundry.accounts.models import Team
from foundry.api.problems import RETRY_AFTER_S, is_for_programs
from foundry.portal.page import OtherTeamError

#: A part of a page is not put where the answer would have gone, but where the page tells such things.
_AS_NOTE = {"HX-Retarget": "#told", "HX-Reswap": "innerHTML", "HX-Reselect": ".note"}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _refusal(request, 400, "That was not taken", _unreadable(exception))


def _unreadable(exception: Exception) -> str:
    match exception:
        case TooManyFilesSent():
            limit = settings.DATA_UPLOAD_MAX_NUMBER_FILES
            return f"The form has more than {limit} files, the limit; put them into one zip file."
        case RequestDataTooBig():
            return f"The text in the form is over {settings.FOUNDRY_MAX_BODY_MB} MiB, the limit; send it as files."
        case TooManyFieldsSent():
            return "The form has more fields than any page of ours; go back and begin again."
        case _:
            return "The request could not be read; go back and try again."


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _refusal(request, 403, "Not allowed", "You may look at this, but not do that.")


def not_our_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403, where the token that our forms carry is missing or old."""
    message = (
        "The form was not taken, as it does not belong to your present session: you may have signed in again since it "
        "was opened, or your browser keeps no cookies. Go back, load the page again and repeat it."
    )
    return _refusal(request, 403, "That was not taken", message)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; to who is in the team that it belongs to, with a way there."""
    if isinstance(exception, OtherTeamError):
        return _of_other_team(request, exception.team)
    message = "There is nothing at this address, or it belongs to a team that you do not act for at the moment."
    return _refusal(request, 404, "Not found", message)


def _of_other_team(request: HttpRequest, team: Team) -> HttpResponse:
    message = f"This belongs to your team {team}, and you act for another one at the moment."
    if request.method not in ("GET", "HEAD"):
        return _refusal(request, 404, "Of another team of yours", f"{message} Nothing was done.")
    more = {"team": team, "back": request.get_full_path()}
    return _refusal(request, 404, "Of another team of yours", message, more=more)


def not_allowed(request: HttpRequest, methods: str) -> HttpResponse:
    """405, with the methods that are taken."""
    message = "A form or a link of ours leads here, and nothing is at the address itself. Nothing was changed."
    return _refusal(request, 405, "Nothing to look at here", message, {"Allow": methods})


def broken(request: HttpRequest) -> HttpResponse:
    """500, or 503 if it is the database that failed."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        message = "The database does not answer. Nothing that was accepted is lost; try again in a moment."
        return _refusal(request, 503, "Not available just now", message, {"Retry-After": RETRY_AFTER_S})
    message = "Something is broken on our side; it has been logged. Nothing that was accepted is lost."
    return _refusal(request, 500, "Something went wrong", message)


def _refusal(
    request: HttpRequest,
    status: int,
    title: str,
    message: str,
    headers: Mapping[str, str] = MappingProxyType({}),
    more: Mapping[str, Any] = MappingProxyType({}),
) -> HttpResponse:
    """A page, or for htmx a part of one, that says what to do; the API has its own. See `ProblemMiddleware`.

    When we failed, the page does not ask who is signed in. `more` is for the page's template.
    """
    if is_for_programs(request):
        return HttpResponse(status=status, headers=headers)
    is_part = request.headers.get("HX-Request") == "true"
    template = f"portal/{'refusal' if is_part else 'refused'}.html"
    context = {"title": title, "message": message, **more}
    text = render_to_string(template, context, request if status < 500 else None)
    return HttpResponse(text, status=status, headers={**headers, **(_AS_NOTE if is_part else {})})
