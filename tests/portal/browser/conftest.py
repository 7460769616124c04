"""The running platform, and a browser."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import debian
from tests.portal.browser import chromium
from tests.portal.browser.looks import Looks
from tests.portal.browser.running import ROOT, Platform, platform

#: Kept, to be looked at.
PICTURES = ROOT / ".foundry" / "screenshots"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("portal") / "home") as it:
        yield it


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module: while it runs, Django refuses to use the database in this process."""
    try:
        path, variables = chromium.program()
    except debian.NotToBeHadError as error:
        warnings.warn(f"THE PORTAL IS NOT TRIED IN A BROWSER: {error}", pytest.PytestWarning, stacklevel=1)
        pytest.skip(f"no Chromium: {error}")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS), env=os.environ | variables)
        yield made
        made.close()


@pytest.fixture
def looks_of(browser: Browser, running: Platform) -> Iterator[Callable[[str], Looks]]:
    """Somebody before a browser; the name is that of the folder for the pictures."""
    made: list[Looks] = []

    def make(name: str) -> Looks:
        made.append(Looks(browser, running.url, PICTURES / name))
        return made[-1]

    yield make
    for looks in made:
        # Shown where a test failed before it could.
        sys.stdout.write("\n".join(looks.faults))
        looks.page.context.close()
