"""Every error of the API as a problem document (RFC 9457): what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel, Field
from pydantic_core import to_json

MEDIA_TYPE = "application/problem+json"

#: What is said where Django itself refuses a request and its own page would say less.
_DETAILS = {
    400: "The request could not be read. Check its headers and body.",
    403: "This is not allowed.",
    404: "There is nothing at this address. The addresses there are stand in /api/v1/openapi.json.",
    405: "This address does not take this method; the Allow header names those it takes.",
    500: "Something is broken on our side; it has been logged. Nothing that was accepted is lost.",
}
_OURS = ("/api/", "/compute-dna/")


class Problem(BaseModel):
    """An error, as RFC 9457 writes it."""

    type: str = Field(
        default="about:blank", description="A URI for the kind of problem; about:blank: the status says it."
    )
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, where, and what to do.")
    errors: list[dict[str, Any]] = Field(default=[], description="One entry for each fault, where there are several.")


class ProblemError(Exception):
    """Raised anywhere in a view to answer with a problem."""

    def __init__(self, status: int, detail: str, errors: Sequence[dict[str, Any]] = (), **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, list(errors)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def response(self) -> HttpResponse:
        """The answer."""
        problem = Problem(
            title=HTTPStatus(self.status).phrase, status=self.status, detail=self.detail, errors=self.errors
        )
        content = to_json(problem.model_dump(exclude_defaults=True) | {"type": problem.type})
        return HttpResponse(content, status=self.status, content_type=MEDIA_TYPE, headers=self.headers)


class ProblemMiddleware:
    """Refuses bodies over the limit before they are read, and turns Django's own error pages into problems."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(_OURS):
            return self.get_response(request)
        try:
            _check_length(request)
        except ProblemError as error:
            return error.response()
        return _as_problem(self.get_response(request))


def _check_length(request: HttpRequest) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if "chunked" in request.headers.get("Transfer-Encoding", ""):
        raise ProblemError(411, "Send the body with a Content-Length; chunked bodies are not taken.")
    if length.isdecimal() and int(length) > settings.FOUNDRY_MAX_BODY_MB * 1024 * 1024:
        raise ProblemError(
            413,
            f"The body has {int(length):,} bytes, over the limit of {settings.FOUNDRY_MAX_BODY_MB} MiB. "
            "Split it into several requests, or send a zip file.",
        )


def _as_problem(response: HttpResponse) -> HttpResponse:
    status = response.status_code
    if status < 400 or response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
        return response
    problem = ProblemError(status, _DETAILS.get(status, HTTPStatus(status).description or "")).response()
    response.content, response.headers["Content-Type"] = problem.content, MEDIA_TYPE
    return response
