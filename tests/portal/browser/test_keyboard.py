"""The way from signing in to a result with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.portal.browser.looks import Looks
from tests.portal.browser.running import ENGINEER, PASSWORD

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
    follow(page, page.get_by_role("button", name="Submit 1 design"), "Compute DNA")
    follow(page, page.get_by_role("link", name="Results", exact=True), "Results")
    follow(page, page.get_by_role("link", name="T7", exact=True), "T7")
    assert looks.faults == []
