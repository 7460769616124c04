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
from tests.portal.browser.running import ENGINEER, PASSWORD, WORDY, Platform
from tests.portal.browser.test_story import expect_state, sign_in, submit_toys
from tests.portal.catalogue.test_controls import Every

#: Names are as long as they may be, without a place to break; two good designs and a bad one.
_FASTA = "".join(
    f">{letter * 200} {'d' * 200} [topology=linear]\n{sequence}\n"
    for letter, sequence in (("N", "ATGC" * 60), ("W", f"ATG{'GGTCTCA' * 3 * 12}TAA"), ("B", "ATGQZ"))
)
_TAGS = ", ".join(letter * 50 for letter in "abcdefghij")
#: The cells of a table that stand one below the other on a phone, and yet are out of sight there.
_OUT_OF_SIGHT = """() => {
  const cells = [...document.querySelectorAll('.stacking :is(td, th[scope=row])')].filter(one => one.checkVisibility());
  const cut = cells.find(one => one.scrollWidth > one.clientWidth + 1
    || one.getBoundingClientRect().right > document.documentElement.clientWidth);
  return cut ? cut.outerHTML.slice(0, 160) : null;
}"""
#: Whether a field is narrower than what it shows.
_CUT = """field => {
  const room = field.getBoundingClientRect().width;
  field.style.cssText = 'flex: none; width: max-content; max-width: none';
  const wanted = field.getBoundingClientRect().width;
  field.style.cssText = '';
  return wanted > room + 1 ? `${room} px of ${wanted}` : null;
}"""
_OPEN_ALL = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"


def test_no_page_scrolls_sideways_whatever_things_are_called(looks_of: Callable[[str], Looks]) -> None:
    looks = looks_of("layout")
    page = looks.page
    sign_in(page, WORDY)
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
                if (width, height) == PHONE and (cut := page.evaluate(_OUT_OF_SIGHT)):
                    looks.faults.append(f"{address}: out of sight is {cut}")
    assert looks.faults == []


def test_a_date_and_time_is_seen_whole(looks_of: Callable[[str], Looks]) -> None:
    page = looks_of("moment").page
    sign_in(page, ENGINEER)
    page.goto("/services/toy-dated/submit/")
    field = page.get_by_label("Ready", exact=True)
    field.fill("2026-12-24T18:06:07")
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        assert field.evaluate(_CUT) is None, width
    page.get_by_label("Time zone of Ready").select_option("+01:00")


def test_a_link_to_what_is_another_teams_leads_there(looks_of: Callable[[str], Looks], running: Platform) -> None:
    looks = looks_of("other-team")
    page = looks.page
    sign_in(page, ENGINEER)
    page.goto("/account/teams/")
    page.get_by_label("Name").fill("elsewhere")
    page.get_by_role("button", name="Make the team").click()
    expect(page.get_by_role("heading", level=1, name="elsewhere")).to_be_visible()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate(_OUT_OF_SIGHT) is None
    request = next(iter(running.foundry.requests()))
    page.goto(f"/requests/{request.id}/")
    looks.at("offer")
    page.get_by_role("button", name="Act for demo and show it").click()
    expect(page.get_by_role("heading", level=1, name=request.label)).to_be_visible()
    expect(page.get_by_text("You act for demo now.")).to_be_visible()
    # The page that is not there is told by the browser, too.
    assert [fault for fault in looks.faults if "status of 404" not in fault] == []


def test_on_the_way_back_a_filter_shows_what_the_list_is_filtered_by(looks_of: Callable[[str], Looks]) -> None:
    page = looks_of("back").page
    sign_in(page, ENGINEER)
    for path, label in (("/requests/", "Label"), (f"/requests/{_ended(page)}/results/", "Name contains")):
        page.goto(path)
        page.get_by_label(label, exact=True).fill("d")
        page.get_by_role("button", name="Filter").click()
        page.wait_for_url(re.compile(r"\?"))
        page.go_back()
        expect(page).to_have_url(re.compile("/$"))
        expect(page.get_by_label(label, exact=True)).to_have_value("")


def _ended(page: Page) -> str:
    submit_toys(page, {"number": 1}, label="To be filtered")
    expect_state(page, "succeeded")
    return page.url.rstrip("/").rpartition("/")[2]


def _submit(page: Page, service: str) -> str:
    page.goto(f"/services/{service}/submit/")
    page.get_by_label("Label").fill("L" * 200)
    page.get_by_label("Tags").fill(_TAGS)
    page.get_by_label("Paste").fill(_FASTA)
    page.get_by_role("button", name=re.compile("Submit the 2 good items")).click()
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
    results = (
        *("", "?q=" + "q" * 200, "distributions/", "downloads/", "1/", "3/", "1/?q=" + "q" * 200),
        *("compare/?item=1&item=2", "compare/"),
    )
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
    expect(page.get_by_role("button", name="Submit 1 item")).to_be_visible()
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
