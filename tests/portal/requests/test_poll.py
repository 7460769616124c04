"""Pages that look again by themselves: ever more rarely, and not for ever."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def look(browser, address, looks):
    answer = browser.get(address, {"looks": looks, "state": "queued"}, headers=HTMX)
    assert "<html" not in answer.text
    return answer.text


def test_each_look_leads_to_a_later_one(owners_browser, make_request):
    make_request({"number": 1})
    delays = []
    for looks in (0, 1, 5, 50):
        text = look(owners_browser, "/requests/", looks)
        (address,) = re.findall(r'hx-get="([^"]+)"', text)
        assert f"looks={looks + 1}" in address
        assert "state=queued" in address
        delays += map(int, re.findall(r"load delay:(\d+)ms", text))
    assert delays == sorted(delays)
    assert delays[0] < 2_000
    assert delays[-1] == 30_000


@pytest.mark.parametrize("path", ["/requests/", "/requests/{}/"])
def test_after_an_hour_somebody_has_to_ask(path, owners_browser, make_request):
    address = path.format(make_request({"number": 1}).pk)
    seconds, looks = 0.0, 0
    while delay := re.search(r"load delay:(\d+)ms", text := look(owners_browser, address, looks)):
        seconds += int(delay[1]) / 1000
        looks += 1
    assert 3_000 < seconds < 4_500
    assert "hx-get" not in text
    (again,) = re.findall(r'id="look-again" href="([^"]+)"', text)
    assert again == f"{address}?state=queued"
    assert "load delay" in owners_browser.get(again).text


@pytest.mark.parametrize("looks", ["x", "-1", "9" * 30, "%00", ""])
def test_a_count_that_is_none_begins_anew(looks, owners_browser, make_request):
    make_request({"number": 1})
    assert 'looks=1"' in look(owners_browser, "/requests/", looks)
