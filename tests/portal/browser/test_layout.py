"""Whatever people call their things, no page scrolls sideways, and forms send what they were filled with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, expect

from foundry.portal.catalogue import controls, schema
from tests.portal.browser.looks import DESK, PHONE, TOO_WIDE, Looks
from tests.portal.browser.running import PASSWORD, WORDY
from tests.portal.catalogue.test_controls import Every

#: Names are as long as they may be, without a place to break; two good designs and a bad one.
_FASTA = "".join(
    f">{letter * 200} {'d' * 200} [topology=linear]\n{sequence}\n"
    for letter, sequence in (("N", "ATGC" * 60), ("W", "GGTCTCA" * 30), ("B", "ATGQZ"))
)
_TAGS = ", ".join(letter * 50 for letter in "abcdefghij")
_OPEN_ALL = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"


def test_no_page_scrolls_sideways_whatever_things_are_called(looks_of: Callable[[str], Looks]) -> None:
    looks = looks_of("layout")
    page = looks.page
    page.goto("/account/sign-in/")
    page.get_by_label("User name").fill(WORDY)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()
    requests = {service: _submit(page, service) for service in ("compute-dna", "screen-synthesis")}
    _make_token_and_endpoint(page)
    for service, request in requests.items():
        expect_ended(page, request)
        for address in _pages(service, request):
            page.goto(address)
            page.evaluate(_OPEN_ALL)
            for width, height in (PHONE, DESK):
                page.set_viewport_size({"width": width, "height": height})
                if wide := page.evaluate(TOO_WIDE):
                    looks.faults.append(f"{address} at {width} px: {wide}")
    assert looks.faults == []


def _submit(page: Page, service: str) -> str:
    page.goto(f"/services/{service}/submit/")
    page.get_by_label("Label").fill("L" * 200)
    page.get_by_label("Tags").fill(_TAGS)
    page.get_by_label("Paste").fill(_FASTA)
    page.get_by_role("button", name=re.compile("Submit the 2 good ones")).click()
    page.wait_for_url(re.compile(r"/requests/[\w-]{36}/"))
    return page.url.rstrip("/").rpartition("/")[2]


def _make_token_and_endpoint(page: Page) -> None:
    page.goto("/account/tokens/")
    page.get_by_label("Name", exact=True).fill("k" * 100)
    page.get_by_role("button", name="Make the token").click()
    page.goto("/account/webhooks/")
    page.get_by_label("Address").fill(f"https://lims.example.org/{'u' * 200}")
    page.get_by_role("button", name="Add the endpoint").click()


def expect_ended(page: Page, request: str) -> None:
    page.goto(f"/requests/{request}/")
    expect(page.locator("#live .state").first).to_have_text("partial", timeout=40_000)


def _pages(service: str, request: str) -> Iterator[str]:
    of = f"/requests/{request}"
    yield from (f"/services/{service}/", f"/services/{service}/submit/?from={request}")
    yield from ("/", "/requests/", f"{of}/", f"{of}/jobs/")
    results = ("", "?q=" + "q" * 200, "distributions/", "downloads/", "1/", "3/", "compare/?item=1&item=2", "compare/")
    yield from (f"{of}/results/{path}" for path in results)
    yield from (f"/account/{path}" for path in ("", "teams/", "tokens/", "webhooks/", "password/"))
    yield from (f"/operate/{path}" for path in ("", "releases/", "costs/"))


def test_what_is_larger_than_may_be_sent_is_not_sent(looks_of: Callable[[str], Looks]) -> None:
    page = looks_of("too-large").page
    page.goto("/account/sign-in/")
    page.get_by_label("User name").fill(WORDY)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/services/compute-dna/submit/")
    page.locator("#request").evaluate("form => { form.dataset.mostBytes = 100_000; }")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method))
    page.get_by_label("choose them").set_input_files(
        {"name": "a.fa", "mimeType": "text/plain", "buffer": b">a\n" + b"A" * 100_000}
    )
    expect(page.locator("#designs-errors")).to_contain_text("pack the files into a zip, or make several requests")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#plan")).to_contain_text("The plan follows")
    assert sent == []
    page.get_by_label("choose them").set_input_files(
        {"name": "a.fa", "mimeType": "text/plain", "buffer": b">a [topology=linear]\nACGT\n"}
    )
    expect(page.get_by_role("button", name="Submit 1 design")).to_be_visible()
    expect(page.locator("#designs-errors")).to_be_empty()


_VALUES: Mapping[str, object] = {
    "limit": None,
    "ratio": 1e-7,
    "note": "two\nlines",
    "when": "2026-11-22",
    "at": "2026-01-02T03:04:00Z",
    "clock": "08:30:00+01:00",
    "names": ["one", "two\nlines", ""],
    "needed": 1,
}


@pytest.mark.parametrize(
    "at", ["2026-01-02T03:04:00Z", "2026-01-02T03:04:00+02:00", "2026-01-02T03:04:05", "2026-01-02T03:04:05.678901Z"]
)
def test_a_browser_sends_options_as_they_were(browser: Browser, at: str) -> None:
    values = {**_VALUES, "at": at}
    made = controls.shown(schema.of(Every), "options", values)
    shown = "".join(render_to_string("portal/catalogue/control.html", {"control": one}) for one in made)
    page = browser.new_page()
    page.set_content(f"<form>{shown}</form>")
    sent = json.loads(page.evaluate("() => JSON.stringify([...new FormData(document.forms[0])])"))
    page.close()
    posted = QueryDict(mutable=True)
    for name, value in sent:
        posted.appendlist(name, value.replace("\n", "\r\n"))  # as forms are sent
    found, faults = controls.read(controls.shown(schema.of(Every), "options", {}, posted=posted))
    assert faults == []
    # A browser leaves out the seconds of a moment that has none.
    assert Every.model_validate(found) == Every.model_validate(values)
    assert found["names"] == values["names"]
