"""Pages that change by themselves: what they do when the network, a file or a session fails, and where the focus is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.portal.browser.looks import Looks
from tests.portal.browser.running import ENGINEER, PASSWORD
from tests.portal.browser.test_story import expect_state, sign_in, submit_toys

#: What API Gateway answers in the platform's place.
GATEWAY = {"status": 502, "content_type": "application/json", "body": '{"message": "Internal server error"}'}
TOO_LONG = {"status": 413, "content_type": "application/json", "body": '{"message": "Request Too Long"}'}
LOOKS = re.compile(r"[?&]looks=\d")
FOCUSED = "() => document.activeElement.id || document.activeElement.textContent.trim()"
ADD = "(one, text) => { one.value += text; one.dispatchEvent(new Event('input', {bubbles: true})); }"
#: As one is shown after "Retry", while the page is live.
MESSAGE_UNTIL_ENDED = """text => {
  const message = document.createElement("div");
  message.className = "note good until-ended";
  message.textContent = text;
  document.querySelector("main").prepend(message);
}"""
FASTA = ">T7 [topology=linear]\nTAATACGACTCACTATAGGG\n"
FAULTY = f"{FASTA}>protein [topology=linear]\nMTMITPSLHACRSTLEDPRVPSSNSLAVVLQRRDWENPGVTQLNRLAAHPPF\n"


@pytest.fixture
def page(looks_of: Callable[[str], Looks]) -> Page:
    """Of somebody signed in."""
    page = looks_of("live").page
    sign_in(page, ENGINEER)
    return page


def wait_for_a_look(page: Page) -> None:
    with page.expect_response(LOOKS):
        pass
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping')")


def submit_slow(page: Page, label: str, seconds: float = 12) -> None:
    submit_toys(page, *({"number": number, "seconds": 0.3} for number in range(round(seconds / 0.3))), label=label)


def test_looks_that_fail_are_repeated_and_never_get_into_the_page(page):
    failing = iter([lambda route: route.fulfill(**GATEWAY), lambda route: route.abort()])
    page.route(LOOKS, lambda route: next(failing, Route.continue_)(route))
    submit_toys(page, *({"number": number, "seconds": 0.3} for number in range(10)), label="Through a bad network")
    told = page.locator("#told")
    expect(told).to_contain_text("could not be brought up to date: the platform could not be reached (502)")
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.evaluate(MESSAGE_UNTIL_ENDED, "They will be computed again.")
    expect_state(page, "succeeded")
    expect(page.get_by_text("They will be computed again.")).to_have_count(0)
    expect(told).to_be_empty()
    assert "Internal server error" not in page.content()


def test_nothing_is_asked_for_while_nobody_sees_the_page(page):
    submit_slow(page, "Unseen")
    asked = []
    page.on("request", lambda request: asked.append(request) if LOOKS.search(request.url) else None)
    see = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});" + (
        "document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.evaluate(see, True)
    page.wait_for_timeout(4000)
    assert not asked
    with page.expect_response(LOOKS):
        page.evaluate(see, False)
    page.goto("/requests/")


def test_the_focus_outlasts_a_look(page):
    submit_slow(page, "In focus")
    page.get_by_role("link", name="Cancel").focus()
    wait_for_a_look(page)
    wait_for_a_look(page)
    assert page.evaluate(FOCUSED) == "cancel"
    page.goto("/requests/")
    page.locator("#live").get_by_role("link", name="In focus").focus()
    wait_for_a_look(page)
    assert page.evaluate(FOCUSED) == "In focus"
    page.locator("#live").get_by_role("link", name="In focus").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the request").click()


def test_the_table_keeps_the_focus_the_choice_and_the_sort(page):
    submit_toys(page, *({"number": number, "name": f"d{number}"} for number in range(120)), label="Many")
    expect_state(page, "succeeded")
    page.get_by_role("link", name="Results", exact=True).click()
    page.locator("#item-3").get_by_role("checkbox").check()
    page.locator("#page-next").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()
    assert page.evaluate(FOCUSED) == "page-next"
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Page 3 of 3")).to_be_visible()
    assert page.evaluate(FOCUSED) == "table"  # for there is no next page
    name = "number"
    page.get_by_role("columnheader").get_by_role("link", name=name).focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text(name)
    assert name in page.evaluate(FOCUSED)
    page.get_by_label("Name contains").fill("d9")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(11)
    assert "sort=" in page.url
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text(name)


def test_a_file_that_was_put_right_on_disk_is_asked_for_again(page, tmp_path: Path):
    file = tmp_path / "promoters.fasta"
    file.write_text(FAULTY)
    page.goto("/services/compute-dna/submit/")
    page.get_by_label("Label").fill("From disk")
    chooser = page.get_by_label("choose them")
    chooser.set_input_files(file)
    expect(page.locator("tr.bad")).to_have_count(1)
    file.write_text(FASTA)
    later = file.stat().st_mtime + 5  # Chromium compares whole seconds
    os.utime(file, (later, later))
    page.get_by_role("button", name="Submit the 1 good item").click()
    expect(page.locator("#designs-errors")).to_have_text(
        "promoters.fasta changed on disk after you chose it: choose it again."
    )
    assert page.evaluate(FOCUSED) == "files"
    expect(page.get_by_role("button", name=re.compile("^Submit"))).to_have_count(0)
    chooser.set_input_files(file)
    expect(page.locator("#designs-errors")).to_be_empty()
    page.get_by_role("button", name="Submit 1 item").click()
    expect(page.get_by_role("heading", level=1, name="From disk")).to_be_visible()


@pytest.mark.parametrize("answer", [GATEWAY, TOO_LONG, None])
def test_a_plan_that_does_not_come_is_told(answer, page):
    page.goto("/services/compute-dna/submit/")
    page.get_by_label("Paste").fill(FASTA)
    expect(page.get_by_role("button", name="Submit 1 item")).to_be_visible()
    page.route(re.compile("/submit/"), lambda route: route.fulfill(**answer) if answer else route.abort(), times=1)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#told")).to_contain_text("too large" if answer is TOO_LONG else "could not be reached")
    expect(page.locator("#plan")).not_to_contain_text("message")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#told")).to_be_empty()


def test_only_what_the_plan_depends_on_is_sent(page):
    page.goto("/services/compute-dna/submit/")
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.get_by_label("Paste").fill(FASTA)
    submit = page.get_by_role("button", name="Submit 1 item")
    expect(submit).to_be_visible()
    page.get_by_label("Paste").blur()
    page.get_by_label("Label").fill("A label")
    page.get_by_label("Tags").fill("cycle 7")
    page.get_by_label("Tags").blur()
    page.wait_for_timeout(1000)
    assert len(sent) == 1
    submit.focus()
    with page.expect_response(re.compile("/submit/")):
        page.get_by_label("Paste").evaluate(ADD, FASTA)
    expect(page.get_by_role("button", name="Submit 2 items")).to_be_visible()
    assert page.evaluate(FOCUSED) == "submit"


def test_the_way_back_finds_what_was_written(page):
    page.goto("/services/compute-dna/submit/")
    page.get_by_label("Paste").fill(FASTA)
    page.get_by_label("Label").fill("There and back")
    page.get_by_role("button", name="Submit 1 item").click()
    expect(page.get_by_role("heading", level=1, name="There and back")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Paste")).to_have_value(FASTA)
    expect(page.get_by_label("Label")).to_have_value("There and back")
    expect(page.get_by_role("button", name="Submit 1 item")).to_be_visible()
    page.get_by_text("The same was submitted").get_by_role("link", name="There and back").click()
    expect(page.get_by_role("heading", level=1, name="There and back")).to_be_visible()


def test_whoever_is_signed_out_is_led_to_signing_in_and_keeps_the_form(page):
    submit_slow(page, "Signed out", seconds=6)
    request = page.url
    page.context.clear_cookies(name="sessionid")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    expect(page.locator("h1")).to_have_count(1)
    sign_in(page, ENGINEER)
    page.goto(request)

    page.goto("/services/toy/submit/")
    page.get_by_label("Paste").fill(json.dumps([{"number": 1}]))
    expect(page.get_by_role("button", name="Submit 1 item")).to_be_visible()
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Submit 1 item").click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    other = opened.value
    other.get_by_label("User name").fill(ENGINEER)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("navigation", name="Account")).to_be_visible()
    page.get_by_role("button", name="Submit 1 item").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
