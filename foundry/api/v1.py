"""The HTTP API, version 1: its routers, its errors, its OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic import TypeAdapter

from foundry import catalog
from foundry.api import requests, services
from foundry.api.auth import HOW
from foundry.api.body import faults
from foundry.api.problems import MEDIA_TYPE, Problem, ProblemError
from foundry.core.errors import (
    IdempotencyConflictError,
    InvalidRequestError,
    NotAllowedNowError,
    NotReleasedError,
)

_DESCRIPTION = """
Submit a *service request* of 1 to 100,000 items to a service, watch it, take the results.

Every call needs `Authorization: Bearer fdy_...`, with a token made in the [portal](../../account/tokens/). A request
belongs to its submitter's team. Errors are problem documents (RFC 9457) that say what is wrong, where, and what to do.
"""
_PROBLEM_REF = "#/components/schemas/Problem"


class _Api(NinjaAPI):
    """Ninja's API with short operation ids and our error document described at every operation."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **arguments: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**arguments)
        schema["components"]["schemas"]["Problem"] = TypeAdapter(Problem).json_schema()
        problem = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": {"$ref": _PROBLEM_REF}}}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = problem
        return schema


def _public_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For GET only; without the CSRF check, which would answer other methods first."""
    return csrf_exempt(require_safe(view))


api = _Api(
    title="Foundry",
    version="1",
    description=_DESCRIPTION,
    urls_namespace="api-v1",
    docs_decorator=_public_page,
)
api.add_router("/services", services.router)
api.add_router("/requests", requests.router)


def _handle(kind: type[Exception], answer: Any) -> None:
    def handler(request: HttpRequest, error: Any) -> HttpResponse:
        problem: ProblemError = answer(error)
        return problem.response()

    api.add_exception_handler(kind, handler)


_handle(ProblemError, lambda error: error)
_handle(AuthenticationError, lambda error: ProblemError(401, "No token was given. " + HOW, WWW_Authenticate="Bearer"))
_handle(
    ValidationError, lambda error: ProblemError(422, "The parameters do not fit; see `errors`.", faults(error.errors))
)
_handle(Http404, lambda error: ProblemError(404, str(error)))
_handle(catalog.UnknownServiceError, lambda error: ProblemError(422, str(error)))
_handle(InvalidRequestError, lambda error: ProblemError(422, str(error), error.errors))
_handle(IdempotencyConflictError, lambda error: ProblemError(422, str(error)))
_handle(NotAllowedNowError, lambda error: ProblemError(409, str(error)))
_handle(NotReleasedError, lambda error: ProblemError(503, str(error)))
