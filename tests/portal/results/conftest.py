"""Computed requests and their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from foundry.core.models import ServiceRequest

#: Three designs: one with a BsaI site and a long run, a fine one, a plasmid; and one that is no DNA.
DESIGNS = (
    {"name": "site", "sequence": "ACGATTAGCCATGCAATCGTGGTCTCACGATTAGCC" + "A" * 12, "topology": "linear"},
    {"name": "fine", "sequence": "ACGATTAGCCATGCAATCGTACGATTACGCC", "topology": "linear"},
    {"name": "plasmid", "sequence": "GGTCTCACGATTAGCCATGCAATCGTTGCA" * 3, "topology": "circular"},
    {"name": "bad", "sequence": "ACGTQACGT", "topology": "linear"},
)


@pytest.fixture
def make_computed(make_request: Callable[..., ServiceRequest], compute: Callable[..., None]) -> Any:
    def make(*items: dict[str, Any], service: str = "toy", **fields: Any) -> ServiceRequest:
        request = make_request(*items, service=service, **fields)
        compute(service)
        return request

    return make


@pytest.fixture
def profiled(make_computed: Any) -> ServiceRequest:
    return make_computed(*DESIGNS, service="compute-dna", label="my designs")


@pytest.fixture
def screened(make_computed: Any) -> ServiceRequest:
    return make_computed(*DESIGNS, service="screen-synthesis")


@pytest.fixture
def numbers(make_computed: Any) -> ServiceRequest:
    """120 items called item 1 to item 120, whose numbers fall from 120 to 1; item 7 failed."""
    items = [{"name": f"item {at}", "number": 121 - at, "do": "err" if at == 7 else "echo"} for at in range(1, 121)]
    return make_computed(*items)


@pytest.fixture
def dated(make_computed: Any) -> ServiceRequest:
    """By when they are, not by how they are written: second, first, third and fourth."""
    readies = ("2026-11-05T09:15:00+02:00", "2026-11-05T01:00:00Z", "2026-11-05T23:59:59Z", "2026-11-06T00:00:00+00:00")
    items = [{"name": f"at {ready}", "ready": ready} for ready in readies]
    return make_computed(*items, service="toy-dated")


@pytest.fixture
def page(owners_browser: Client) -> Callable[..., Any]:
    """A page of a request's results, as the owner sees it."""

    def get(request: ServiceRequest, path: str = "", status: int = 200) -> Any:
        answer = owners_browser.get(f"/requests/{request.pk}/results/{path}")
        assert answer.status_code == status, answer
        return answer

    return get
