"""The way from signing in to a result with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.portal.browser.looks import PHONE, Looks
from tests.portal.browser.running import ENGINEER, PASSWORD
from tests.portal.browser.test_story import drop, sign_in

_MOST_TABS = 60
_IS_IN_FOCUS = "element => element === document.activeElement && element.matches(':focus-visible')"


def tab_to(page: Page, target: Locator) -> None:
    expect(target).to_be_visible()
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate(_IS_IN_FOCUS):
            return
    raise AssertionError(f"Tab does not reach {target}")


def follow(page: Page, target: Locator, heading: str) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def test_from_signing_in_to_a_result(looks_of: Callable[[str], Looks]) -> None:
    looks = looks_of("keyboard")
    page = looks.page
    page.goto("/")
    page.keyboard.type(ENGINEER)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the menu
    expect(page).to_have_url(re.compile("#content$"))
    follow(page, page.get_by_role("link", name="Compute DNA"), "Compute DNA")
    follow(page, page.get_by_role("link", name="Submit a request"), "Submit to Compute DNA")
    tab_to(page, page.get_by_label("Paste"))
    page.keyboard.type(">T7 [topology=linear]\nTAATACGACTCACTATAGGG\n")
    follow(page, page.get_by_role("button", name="Submit 1 item"), "Compute DNA")
    follow(page, page.get_by_role("link", name="Results", exact=True), "Results")
    follow(page, page.get_by_role("link", name="T7", exact=True), "T7")
    assert looks.faults == []


def test_files_are_added_one_after_the_other_and_taken_out_again(looks_of: Callable[[str], Looks]) -> None:
    looks = looks_of("files")
    page = looks.page
    sign_in(page, ENGINEER)
    page.goto("/services/compute-dna/submit/")
    rows = page.get_by_role("list", name="Chosen files").get_by_role("listitem")
    names = [
        [">T7 [topology=linear]\nTAATACGACTCACTATAGGG\n", "a.fa"],
        [">bad\nATGQ\n", "b.fa"],
        [">c [topology=circular]\nATGC\n", "c.fa"],
    ]
    for text, name in names:
        drop(page, **{name.replace(".", "_"): text})
    expect(rows).to_have_count(3)
    expect(page.get_by_role("button", name="Submit the 2 good items")).to_be_visible()
    looks.at("files")
    tab_to(page, page.get_by_role("button", name="Remove b.fa"))
    page.keyboard.press("Enter")
    expect(rows).to_have_text(["a.faRemove", "c.faRemove"])
    expect(page.get_by_role("button", name="Remove c.fa")).to_be_focused()
    expect(page.get_by_role("button", name="Submit 2 items")).to_be_visible()
    drop(page, a_fa=">one [topology=linear]\nATGCATGC\n>two [topology=linear]\nATGC\n")
    expect(rows).to_have_text(["c.faRemove", "a.fa (in place of the earlier one)Remove"])
    expect(page.get_by_role("button", name="Submit 3 items")).to_be_visible()
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^Remove")).first.press("Enter")
    expect(rows).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "files"
    expect(page.locator("#designs-errors")).to_contain_text("There are no items yet")
    assert looks.faults == []


def test_options_are_folded_on_a_phone_and_open_where_a_fault_is(looks_of: Callable[[str], Looks]) -> None:
    page = looks_of("folded").page
    sign_in(page, ENGINEER)
    page.goto("/services/compute-dna/submit/")
    option = page.get_by_label("GC window")
    expect(option).to_be_visible()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    expect(option).to_be_hidden()
    page.get_by_label("Paste").fill(">T7 [topology=linear]\nTAATACGACTCACTATAGGG\n")
    page.get_by_role("heading", name="Options").click()
    option.fill("5")
    option.press("Tab")
    expect(page.get_by_text("Nothing can be submitted before that is put right.")).to_be_visible()
    page.get_by_role("heading", name="Options").click()
    expect(option).to_be_hidden()
    page.locator("#plan").get_by_role("link", name="GC window").click()
    expect(option).to_be_visible()
    option.fill("50")
    option.press("Tab")
    expect(page.get_by_role("button", name="Submit 1 item")).to_be_visible()
    page.get_by_label("Label").evaluate("field => field.removeAttribute('maxlength')")
    page.get_by_label("Label").fill("L" * 201)
    page.get_by_role("button", name="Submit 1 item").click()
    expect(page.get_by_role("button", name=re.compile("^Submit"))).to_have_count(0)
    page.get_by_label("Label").fill("L")
    page.get_by_label("Label").press("Tab")
    expect(page.get_by_role("button", name="Submit 1 item")).to_be_visible()
