"""What a tester makes of the OpenAPI document alone: calls that fit it and calls that do not, with a fixed seed."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from foundry.wsgi import application

pytestmark = pytest.mark.django_db(transaction=True)

CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


openapi = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


def test_the_document_is_valid_openapi():
    openapi.validate()


@openapi.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_call_is_answered_as_the_document_says(case, owner, computed):
    if case.meta.generation.mode is GenerationMode.POSITIVE:
        _lead_to_what_is_there(case, computed)
    case.call_and_validate(headers={"Authorization": f"Bearer {owner.secret}"}, checks=CHECKS)


@pytest.fixture
def computed(make_computed):
    return make_computed({"number": 1}, {"do": "err"})


def _lead_to_what_is_there(case, computed):
    """Without this nearly every call that fits the document would end at 404."""
    there = {"request_id": str(computed.pk), "name": "toy" if "services" in case.path else "numbers.txt"}
    case.path_parameters = {name: there[name] for name in case.path_parameters or {}}
    if isinstance(case.body, dict) and "service" in case.body:
        case.body["service"] = "toy"
        case.body["items"] = [{"number": 1}, *case.body.get("items", [])]
