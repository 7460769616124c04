"""The HTTP API, version 1: its routers, its errors, its OpenAPI document."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from pydantic import TypeAdapter

from foundry import catalog
from foundry.api import requests, services
from foundry.api.auth import HOW
from foundry.api.problems import MEDIA_TYPE, Problem, ProblemError
from foundry.core.errors import IdempotencyConflictError, InvalidRequestError, NotAllowedNowError

_DESCRIPTION = """
Submit a *service request* of 1 to 100,000 items to a service, watch it, take the results.

Every call needs `Authorization: Bearer fdy_...`. A request belongs to its submitter's team. Errors are problem
documents (RFC 9457) that say what is wrong, where, and what to do.
"""
_PROBLEM_REF = "#/components/schemas/Problem"


class _Api(NinjaAPI):
    """Ninja's API with our error document described at every operation."""

    def get_openapi_schema(self, **arguments: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**arguments)
        schema["components"]["schemas"]["Problem"] = TypeAdapter(Problem).json_schema()
        problem = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": {"$ref": _PROBLEM_REF}}}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = problem
        return schema


api = _Api(
    title="Foundry",
    version="1",
    description=_DESCRIPTION,
    urls_namespace="api-v1",
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
_handle(ValidationError, lambda error: ProblemError(422, "The parameters do not fit; see `errors`.", _faults(error)))
_handle(Http404, lambda error: ProblemError(404, str(error)))
_handle(catalog.UnknownServiceError, lambda error: ProblemError(422, str(error)))
_handle(InvalidRequestError, lambda error: ProblemError(422, str(error), error.errors))
_handle(IdempotencyConflictError, lambda error: ProblemError(422, str(error)))
_handle(NotAllowedNowError, lambda error: ProblemError(409, str(error)))


def _faults(error: ValidationError) -> list[dict[str, Any]]:
    return [{"where": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors]
