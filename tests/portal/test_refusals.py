"""What a browser is answered where there is no page to show: always a page that says what to do."""

from __future__ import annotations

import re

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from foundry.core import listing

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def down(monkeypatch):
    """The database does not answer, whatever is asked of it."""

    def refuse(*_, **__):
        raise OperationalError("connection refused")

    def down():
        monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", refuse)

    return down


def is_a_page(answer, status, said):
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.text.count("<h1") == 1
    assert re.search(r'<link rel="stylesheet" href="/static/portal/foundry.css">', answer.text)
    assert said in answer.text
    assert "/api/v1/openapi.json" not in answer.text


@pytest.mark.parametrize("path", ["/nothing/", "/services/nothing/", "/requests/%00/"])
def test_404(path, owners_browser):
    is_a_page(owners_browser.get(path), 404, "There is nothing at this address")
    is_a_page(Client().get("/nothing/"), 404, "There is nothing at this address")


def test_405_names_what_is_taken(owners_browser):
    answer = owners_browser.get("/account/teams/act-for/")
    is_a_page(answer, 405, "Nothing was changed.")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["", "distributions/", "compare/", "downloads/", "downloads/csv", "files/numbers.txt", "1/", "1/item.json"]
)
def test_results_are_only_for_looking(path, owners_browser, make_request, compute):
    request = make_request({"number": 1})
    compute()
    address = f"/requests/{request.pk}/results/{path}"
    assert owners_browser.get(address).status_code == 200
    is_a_page(owners_browser.post(address), 405, "Nothing was changed.")


def test_403_for_a_form_that_is_not_of_this_session(owners_browser):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = owners_browser.cookies
    is_a_page(browser.post("/account/teams/act-for/"), 403, "does not belong to your present session")


def test_403_for_what_one_may_only_look_at(operators_browser, make_request):
    request = make_request({"number": 1})
    is_a_page(operators_browser.post(f"/admin/core/servicerequest/{request.pk}/delete/"), 403, "You may look")


def test_500_is_told_without_its_reason(owners_browser, monkeypatch):
    monkeypatch.setattr(listing, "page", lambda **_: 1 / 0)
    owners_browser.raise_request_exception = False
    answer = owners_browser.get("/requests/")
    is_a_page(answer, 500, "it has been logged")
    assert "ZeroDivisionError" not in answer.text


@pytest.mark.parametrize("path", ["/", "/requests/", "/account/sign-in/", "/account/"])
def test_503_while_the_database_does_not_answer(path, owners_browser, down):
    down()
    owners_browser.raise_request_exception = False
    answer = owners_browser.get(path)
    is_a_page(answer, 503, "The database does not answer.")
    assert answer.headers["Retry-After"] == "5"


def test_503_when_the_connection_is_lost_in_a_view(owners_browser, monkeypatch):
    def lost(**_):
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(listing, "page", lost)
    owners_browser.raise_request_exception = False
    is_a_page(owners_browser.get("/requests/"), 503, "The database does not answer.")


@pytest.mark.parametrize("path", ["/nothing/", "/account/teams/act-for/"])
def test_a_part_of_a_page_is_told_a_note(path, owners_browser):
    answer = owners_browser.get(path, headers=HTMX)
    assert answer.status_code in (404, 405)
    assert answer.headers["HX-Retarget"] == "#told"
    assert answer.text.startswith('<div class="note')


def test_programs_get_problems(api_of, down):
    answer = api_of("owner", "team").get("/api/v1/nothing")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Foundry-Page" not in answer.headers


def test_nobody_on_the_way_keeps_a_page_or_a_file(owners_browser, make_request, compute):
    request = make_request({"number": 1})
    compute()
    for path in ("/requests/", f"/requests/{request.pk}/", f"/requests/{request.pk}/results/downloads/csv"):
        assert owners_browser.get(path).headers["Cache-Control"] == "private, no-store", path
    # The browser itself keeps the form, so that the way back finds what was written into it.
    assert owners_browser.get("/services/toy/submit/").headers["Cache-Control"] == "private, no-cache"
    style = Client().get("/static/portal/foundry.css")
    assert "no-store" not in style.headers["Cache-Control"]
    style.close()
