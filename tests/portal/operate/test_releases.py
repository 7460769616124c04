"""Releases: seen and changed by operators, who are kept with each change."""

from __future__ import annotations

import pytest
from django.test import Client

from foundry.core import releases
from foundry.core.models import Job, Release, ReleaseChange

pytestmark = pytest.mark.django_db

RELEASES = "/operate/releases/"
ONE, TWO, THREE = (f"toy-function:{version}" for version in (1, 2, 3))


@pytest.fixture
def recorded(settings):
    """One was live, two is, three is a candidate for a quarter."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    for name, share in ((ONE, None), (TWO, None), (THREE, 0.25)):
        releases.record(service="toy", name=name, by="ci", share=share, commit="c0ffee")


def state(name):
    return Release.objects.get(service="toy", name=name).state


def change(browser, action, name, **more):
    return browser.post(f"{RELEASES}{action}/", {"service": "toy", "name": name} | more, follow=True)


def test_they_are_shown_with_their_shares_jobs_and_changes(recorded, operators_browser, make_job):
    make_job()  # goes to the live release or, by a draw, to the candidate
    Job.objects.update(release=TWO)
    other = make_job()
    Job.objects.filter(pk=other.pk).update(release="elsewhere:4")
    answer = operators_browser.get(RELEASES)
    rows = {row.release.name: row for row in answer.context["rows"]}
    assert [(rows[name].release.state, rows[name].load.waiting) for name in (ONE, TWO, THREE)] == [
        ("draining", 0),
        ("live", 1),
        ("candidate", 0),
    ]
    assert 'value="25"' in answer.text
    assert "elsewhere:4" in answer.text
    assert len(answer.context["history"]) == ReleaseChange.objects.count() > 3


@pytest.mark.parametrize(
    ("action", "name", "states"),
    [
        ("promote", THREE, ("draining", "draining", "live")),
        ("withdraw", THREE, ("draining", "live", "draining")),
        ("rollback", ONE, ("live", "draining", "draining")),
    ],
)
def test_a_change_is_asked_about_then_made_in_the_operators_name(action, name, states, recorded, operators_browser):
    address = f"{RELEASES}{action}/?service=toy&amp;name={name.replace(':', '%3A')}"
    assert address in operators_browser.get(RELEASES).text
    asked = operators_browser.get(address.replace("&amp;", "&"))
    assert asked.status_code == 200
    assert name in asked.text
    assert [state(one) for one in (ONE, TWO, THREE)] == ["draining", "live", "candidate"]
    answer = change(operators_browser, action, name)
    assert tuple(state(one) for one in (ONE, TWO, THREE)) == states
    assert Release.objects.get(name=name).changed_by == "operator"
    assert f"{name} is {state(name)} for Toy" in answer.text


def test_a_share_is_given_in_percent(recorded, operators_browser):
    answer = change(operators_browser, "share", THREE, percent="12.5")
    assert Release.objects.get(name=THREE).share == 0.125
    assert "12.5 % of the new requests" in answer.text
    assert 'value="12.5"' in answer.text


@pytest.mark.parametrize("percent", ["", "x", "-1", "101", "nan", "inf"])
def test_a_share_that_is_none_changes_nothing(percent, recorded, operators_browser):
    answer = change(operators_browser, "share", THREE, percent=percent)
    assert "from 0 to 100" in answer.text
    assert Release.objects.get(name=THREE).share == 0.25


def test_what_cannot_be_done_is_said(recorded, operators_browser):
    answer = change(operators_browser, "promote", ONE)
    assert "toy-function:1 is draining for toy, not candidate or live." in answer.text
    assert state(ONE) == "draining"


@pytest.mark.parametrize("action", ["promote", "withdraw", "rollback", "share"])
def test_others_change_nothing(action, recorded, owners_browser):
    before = list(Release.objects.order_by("pk").values())
    for browser in (owners_browser, Client()):
        assert change(browser, action, THREE, percent="50").status_code in (404, 200)  # 200: asked to sign in
    assert list(Release.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    "address", ["promote/", "promote/?service=toy&name=no:1", "promote/?service=%00&name=%00", "destroy/"]
)
def test_what_is_not_there_is_404(address, recorded, operators_browser):
    assert operators_browser.get(RELEASES + address).status_code == 404
    assert operators_browser.post(RELEASES + address).status_code == 404


def test_none_is_said(operators_browser):
    assert "No release is recorded" in operators_browser.get(RELEASES).text
