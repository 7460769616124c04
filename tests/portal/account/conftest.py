"""Three users who are signed in: the owner, a teammate, a stranger."""

from __future__ import annotations

import pytest
from django.test import Client


def signed_in(api) -> Client:
    client = Client()
    client.force_login(api.caller.user)
    return client


@pytest.fixture
def owners(owner) -> Client:
    """The owner is the team's admin: who comes first is."""
    return signed_in(owner)


@pytest.fixture
def teammates(owner, teammate) -> Client:
    return signed_in(teammate)


@pytest.fixture
def strangers(stranger) -> Client:
    return signed_in(stranger)
