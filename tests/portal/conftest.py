"""What the tests of the portal share: browsers of the three users, and computing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from foundry.accounts.caller import account
from foundry.accounts.models import User


@pytest.fixture
def browser_of(db: None) -> Callable[[str, str], Client]:
    def make(username: str, team: str) -> Client:
        user, _ = account(username, team)
        browser = Client()
        browser.force_login(user)
        return browser

    return make


@pytest.fixture
def owners_browser(browser_of: Callable[[str, str], Client]) -> Client:
    return browser_of("owner", "team")


@pytest.fixture
def teammates_browser(browser_of: Callable[[str, str], Client]) -> Client:
    return browser_of("teammate", "team")


@pytest.fixture
def strangers_browser(browser_of: Callable[[str, str], Client]) -> Client:
    return browser_of("stranger", "strangers")


@pytest.fixture
def operators_browser(browser_of: Callable[[str, str], Client]) -> Client:
    """Of somebody on the staff, in a team of their own."""
    browser = browser_of("operator", "operators")
    User.objects.filter(username="operator").update(is_staff=True)
    return browser
