"""Who sees results: the team, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from foundry.portal.requests.results_urls import urlpatterns

pytestmark = pytest.mark.django_db

PAGES = {
    "results": "",
    "distributions": "distributions/",
    "compare": "compare/?item=1&item=2",
    "downloads": "downloads/",
    "download": "downloads/csv",
    "sent": "downloads/items/fasta",
    "artifact": "files/annotated.gb",
    "item": "1/",
    "item-sent": "1/item.json",
    "figure": "1/figures/map.svg",
    "enlarged": "1/figures/map.svg/enlarged/",
    "item-artifact": "1/files/restriction-sites.csv",
}


def test_all_pages_are_tried() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(PAGES)


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_the_team_sees_results_and_a_stranger_does_not(
    path: str, profiled: Any, owners_browser: Client, teammates_browser: Client, strangers_browser: Client
) -> None:
    address = f"/requests/{profiled.pk}/results/{path}"
    assert owners_browser.get(address).status_code == 200
    assert teammates_browser.get(address).status_code == 200
    assert strangers_browser.get(address).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        *("0/", "5/", "99999999999999999999/", "0/item.json", "5/item.json", "compare/?item=1&item=5"),
        *("1/figures/annotated.gb", "1/figures/restriction-sites.csv", "1/figures/none.svg", "4/figures/map.svg"),
        *("1/files/annotated.gb", "4/files/map.svg", "9/files/map.svg", "files/map.svg", "files/none.gb"),
        *("downloads/json", "downloads/exe", "downloads/items/csv"),
    ],
)
def test_what_is_not_there_is_not_found(path: str, profiled: Any, page: Any) -> None:
    page(profiled, path, status=404)


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_pages_take_few_queries(path: str, profiled: Any, page: Any, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(19):
        answer = page(profiled, path)
        if answer.streaming:
            b"".join(answer)
