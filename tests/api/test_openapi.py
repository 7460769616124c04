"""The OpenAPI document, the docs page, and what an API client makes of the first."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from foundry.api.v1 import api

OPENAPI = "/api/v1/openapi.json"
DOCS = "/api/v1/docs"


@pytest.fixture
def document(client: Client) -> Any:
    return client.get(OPENAPI).json()


def test_it_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert document["info"] == {"title": "Foundry", "version": "1", "description": api.description}


def test_every_schema_in_it_is_one(document):
    for schema in _schemas(document):
        jsonschema_rs.Draft202012Validator(schema | {"components": document["components"]})


def _schemas(node: Any) -> Any:
    if isinstance(node, dict):
        if isinstance(node.get("schema"), dict):
            yield node["schema"]
        for value in node.values():
            yield from _schemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from _schemas(value)


def test_no_schema_refers_to_what_is_not_in_it(document):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": ?"([^"]+)"', str(document).replace("'", '"'))) <= known


def test_every_operation_is_named_described_secured_and_may_answer_with_a_problem(document):
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 9
    for operation in operations:
        assert re.fullmatch("[a-z_]+", operation["operationId"])
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"] == [{"BearerToken": []}]
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]


def test_every_parameter_and_field_of_a_submission_is_described(document):
    submission = document["paths"]["/api/v1/requests"]["post"]
    for content in submission["requestBody"]["content"].values():
        assert all(field["description"] for field in content["schema"]["properties"].values())
    assert [parameter["name"] for parameter in submission["parameters"]] == ["Idempotency-Key"]


def test_the_docs_page_loads_local_files_only(client):
    page = client.get(DOCS)
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href|url)["\']?\s*[=:]\s*["\']([^"\']+)', page.text)
    files = [address for address in addresses if address.startswith("/static/")]
    assert len(files) >= 3
    assert all(address.startswith("/") for address in addresses)
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text.replace("/>", ""), flags=re.DOTALL)
    for address in files:
        answer = client.get(address)
        assert answer.status_code == 200
        assert len(b"".join(answer)) > 500


def test_every_page_leads_to_the_docs(client):
    assert f'href="{DOCS}"' in client.get("/account/sign-in/").text


@pytest.mark.parametrize("path", [OPENAPI, DOCS])
def test_document_and_docs_need_no_token_and_no_database(path, client):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("name", ["toy", "compute-dna"])
@pytest.mark.django_db
def test_a_services_schemas_are_valid_and_fit_its_examples(name, owner):
    service = owner.get(f"/api/v1/services/{name}").json()
    item = jsonschema_rs.Draft202012Validator(service["schemas"]["item"])
    for kind in ("options", "result"):
        jsonschema_rs.Draft202012Validator(service["schemas"][kind])
    assert service["examples"]
    assert all(item.is_valid(one) for example in service["examples"] for one in example["items"])


@pytest.mark.django_db
def test_services_are_listed_in_alphabetical_order_with_their_limits(owner):
    services = owner.get("/api/v1/services").json()["services"]
    assert [service["name"] for service in services] == sorted(service["name"] for service in services)
    toy = next(service for service in services if service["name"] == "toy")
    assert (toy["limits"]["items"], toy["accepts_files"]) == (10_000, False)
    assert owner.get(toy["url"]).json()["name"] == "toy"
