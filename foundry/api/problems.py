"""Every error of the API as a problem document (RFC 9457): what is wrong, where, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from pydantic import BaseModel, Field
from pydantic_core import to_json

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

#: What is said where Django itself refuses a request and its own page would say less.
_DETAILS = {
    400: "The request could not be read. Check its address, headers and body.",
    403: "This is not allowed.",
    404: "There is nothing at this address; /api/v1/openapi.json lists those there are.",
    405: "This address does not take this method; the Allow header names those it takes.",
    500: "Something is broken on our side; it has been logged. Nothing that was accepted is lost.",
}
_API = ("/api", "/compute-dna")
RETRY_AFTER_S = "5"


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
    """What holds for every answer of the API.

    Errors are problems, also those that Django finds; nothing is kept in a cache on the way; HEAD is answered like GET;
    a body over the limit is refused before it is read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_for_programs(request):
            return self.get_response(request)
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = self._answer(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return _without_body(response) if is_head else response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            _check_length(request)
        except ProblemError as error:
            return error.response()
        return _as_problem(self.get_response(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What no view answers for."""
        if not is_for_programs(request):
            return None
        if isinstance(exception, (OperationalError, InterfaceError)):
            logger.error("the database does not answer", exc_info=exception)
            return ProblemError(
                503, "The database does not answer; try again soon.", Retry_After=RETRY_AFTER_S
            ).response()
        if isinstance(exception, UnreadablePostError):
            return ProblemError(400, "The body ended before its Content-Length; send it again.").response()
        return None


def is_for_programs(request: HttpRequest) -> bool:
    """Whether it is asked of the API, and not of a page."""
    return request.path_info.startswith(_API)


def _check_length(request: HttpRequest) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise ProblemError(411, "Send the body with a Content-Length; chunked bodies are not taken.")
    if length.isdecimal() and int(length) > settings.FOUNDRY_MAX_BODY_MB * 1024 * 1024:
        raise ProblemError(
            413,
            f"The body has {int(length):,} bytes, over the limit of {settings.FOUNDRY_MAX_BODY_MB} MiB. "
            "Split it into several requests, or send a zip file.",
        )


def _as_problem(response: HttpResponseBase) -> HttpResponseBase:
    status = response.status_code
    if (
        not isinstance(response, HttpResponse)
        or status < 400
        or response.headers.get("Content-Type", "").startswith(MEDIA_TYPE)
    ):
        return response
    problem = ProblemError(status, _DETAILS.get(status, HTTPStatus(status).description or "")).response()
    response.content, response.headers["Content-Type"] = problem.content, MEDIA_TYPE
    response.headers["Content-Length"] = str(len(problem.content))
    return response


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    """WSGI leaves it to the application that HEAD has none."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
    elif isinstance(response, HttpResponse):
        response.content = b""
    return response
