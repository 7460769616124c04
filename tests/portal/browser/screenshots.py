"""The README's pictures of the portal, from the running platform: `make screenshots`."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.portal.browser import chromium
from tests.portal.browser.running import ENGINEER, PASSWORD, ROOT, platform
from tests.portal.browser.small_png import shrink

FOLDER = ROOT / "docs" / "screenshots"
_SIZE = {"width": 1200, "height": 800}
_LARGEST = 150_000


def main() -> None:
    """Makes them anew."""
    path, variables = chromium.program()
    with tempfile.TemporaryDirectory(prefix="foundry-screenshots-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        with platform(home, services="services") as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path, args=list(chromium.FLAGS), env=os.environ | variables
            )
            _take(browser.new_context(base_url=running.url, viewport=_SIZE).new_page())
            browser.close()


def _take(page: Page) -> None:
    page.goto("/account/sign-in/")
    page.get_by_label("User name").fill(ENGINEER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Compute DNA").click()
    page.get_by_role("link", name="Submit a request").click()
    page.get_by_label("choose them").set_input_files(ROOT / "examples" / "with-faults.fasta")
    expect(page.locator("tr.bad").first).to_be_visible()
    page.locator("#plan-title").evaluate("title => scrollTo(0, title.getBoundingClientRect().top - 80)")
    _keep(page, "submit")
    page.goto("/requests/")
    page.get_by_role("link", name=re.compile("300 designs")).click()
    page.get_by_role("link", name="Results", exact=True).click()
    _keep(page, "results")
    page.get_by_role("link", name="Distributions").click()
    page.emulate_media(color_scheme="dark")
    _keep(page, "distributions")
    page.emulate_media(color_scheme="light")
    page.goto("/requests/")
    page.get_by_role("link", name="Plasmids and phages").click()
    page.get_by_role("link", name="Results", exact=True).click()
    page.locator("tbody th a").first.click()
    page.wait_for_load_state("networkidle")
    _keep(page, "item")


def _keep(page: Page, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.evaluate("() => document.activeElement?.blur()")
    blank = page.context.new_page()
    picture = shrink(blank, page.screenshot(animations="disabled"))
    blank.close()
    assert len(picture) < _LARGEST, f"{name} has {len(picture):,} bytes"
    (FOLDER / f"{name}.png").write_bytes(picture)
    sys.stdout.write(f"{name}.png: {len(picture) / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
