"""A wide table, the way through the items that it shows, and figures that can be read on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.portal.browser.looks import PHONE, TOO_WIDE, Looks
from tests.portal.browser.running import ENGINEER, PASSWORD, Platform

#: Every third is no DNA.
_ITEMS = [
    {"name": f"design {number}", "sequence": "ACGTTQ" if number % 3 == 0 else "GGTCTCACGATTAGCC" * number * 4}
    for number in range(1, 31)
]
#: Where the box, the first heading, the heading of names and the name of the 21st row are.
_PLACES = """() => {
  const box = document.querySelector('.pinned'), at = one => box.querySelector(one).getBoundingClientRect();
  const around = box.getBoundingClientRect(), head = at('thead th.name'), name = at('#item-22 th.name');
  return {top: head.top - around.top, head: head.left - around.left, name: name.left - around.left};
}"""
#: Whether nothing covers what is in focus.
_IS_SEEN = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return one.contains(seen) || seen?.contains(one);
}"""


def test_results_of_many_columns(looks_of: Callable[[str], Looks], running: Platform) -> None:
    looks = looks_of("results")
    page = looks.page
    request = running.foundry.submit("compute-dna", [{**item, "topology": "circular"} for item in _ITEMS])
    running.foundry.wait(request)
    _sign_in(page)
    results = f"/requests/{request.id}/results/"
    _names_and_headings_stay(page, results)
    _the_filter_stays(page, results)
    _a_figure_is_read_on_a_phone(looks, results)
    assert looks.faults == []


def _sign_in(page: Page) -> None:
    page.goto("/account/sign-in/")
    page.get_by_label("User name").fill(ENGINEER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()


def _names_and_headings_stay(page: Page, results: str) -> None:
    page.goto(results)
    box = page.locator(".pinned")
    box.evaluate("box => box.scrollTo(700, 600)")
    assert {name: abs(round(place)) <= 1 for name, place in page.evaluate(_PLACES).items()} == {
        "top": True,
        "head": True,
        "name": True,
    }
    page.locator("#item-22 th a").focus()
    for _ in range(30):  # backwards through boxes and names, and then through the headings
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(_IS_SEEN), page.evaluate("() => document.activeElement.outerHTML")
    page.goto(f"{results}#item-28")
    expect(page.locator("#item-28 th a")).to_be_in_viewport()


def _the_filter_stays(page: Page, results: str) -> None:
    """From the table, also one that was sorted without leaving the page, through its items and back to it."""
    page.goto(f"{results}?state=failed")
    page.get_by_role("link", name=re.compile("^Name")).click()
    expect(page.locator("th[aria-sort]")).to_contain_text("Name")
    page.get_by_role("link", name="design 12", exact=True).click()
    expect(page.get_by_text("1 of the 10 filtered")).to_be_visible()
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="design 15")).to_be_visible()
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.locator("tbody tr:not(.more)")).to_have_count(10)
    page.get_by_role("link", name=re.compile("^Name")).click()
    expect(page.locator("th[aria-sort=descending]")).to_be_visible()
    page.get_by_role("link", name="Distributions").click()
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?state=failed&sort=-:name$"))


def _a_figure_is_read_on_a_phone(looks: Looks, results: str) -> None:
    page = looks.page
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(f"{results}28/?state=succeeded")
    image = page.locator(".drawing img").first
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.width / image.naturalWidth") > 0.8, "its letters are not much smaller"
    assert page.evaluate(TOO_WIDE) is None
    page.get_by_role("link", name=re.compile("Enlarge")).first.click()
    enlarged = page.locator(".drawing.enlarged")
    page.wait_for_function("() => document.querySelector('.enlarged').scrollLeft > 0")
    assert enlarged.locator("img").evaluate("image => image.width > image.naturalWidth")
    looks.at("enlarged")
    page.get_by_role("link", name="Back to the item").click()
    expect(page).to_have_url(re.compile(r"/28/\?state=succeeded$"))
