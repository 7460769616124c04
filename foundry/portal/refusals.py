"""What people see of a form that Django refuses before any page is asked."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page, or for htmx a part of one, that says what to do."""
    fragment = request.headers.get("HX-Request") == "true"
    template = f"portal/{'refusal' if fragment else 'refused'}.html"
    return render(request, template, {"message": _message(exception)}, status=400)


def _message(exception: Exception) -> str:
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
