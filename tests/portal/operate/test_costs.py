"""Costs by service, team and week."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from foundry.core.cost import By, Meter
from foundry.core.models import Attempt
from foundry.core.prices import Prices
from foundry.core.work import Slot, work

pytestmark = pytest.mark.django_db

COSTS = "/operate/costs/"


@pytest.fixture(autouse=True)
def no_slots(settings):
    """Jobs wait until a test takes them."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"


def compute_billed(service="toy"):
    now = time.monotonic()
    prices = Prices("test 2026-11", Decimal("0.02"), Decimal("0.0005"))
    meter = Meter(memory_mb=2048, prices=prices, billed_to=now - 1, ends_at=now + 900)
    work(Slot(service=service, release="local", name="s", lease=timedelta(seconds=9), meter=meter))


def names(answer, by):
    return [bar.row.name for bar in dict(answer.context["tables"])[by]]


def test_what_was_billed_is_summed_in_three_ways(operators_browser, make_request, stranger):
    make_request({"number": 1})
    make_request({"number": 2}, caller=stranger.caller)
    make_request({"number": 1}, service="toy-saving")
    compute_billed()
    compute_billed("toy-saving")
    answer = operators_browser.get(COSTS)
    assert names(answer, By.SERVICE) == ["toy", "toy-saving"]
    assert names(answer, By.TEAM) == ["strangers", "team"]
    assert len(names(answer, By.WEEK)) == 1
    monday = timezone.now() - timedelta(days=timezone.now().weekday())
    for name in ("Toy", "strangers", f"From {monday:%-d %b %Y}"):
        assert f'<th scope="row">{name}</th>' in answer.text
    total = Attempt.objects.aggregate(usd=Sum("cost_usd"))["usd"]
    for _, bars in answer.context["tables"]:
        assert sum(bar.row.cost.usd for bar in bars) == total
        assert max(bar.percent for bar in bars) == 100
    assert answer.context["total"].startswith(f"${total:.2f}"[:-1])
    assert answer.context["total"] in answer.text
    assert "test 2026-11" in answer.text


def test_of_one_service_and_of_some_weeks(operators_browser, make_request):
    make_request({"number": 1})
    make_request({"number": 1}, service="toy-saving")
    compute_billed()
    compute_billed("toy-saving")
    assert names(operators_browser.get(f"{COSTS}?service=toy"), By.SERVICE) == ["toy"]
    answer = operators_browser.get(f"{COSTS}?weeks=12")
    assert (timezone.now() - answer.context["since"]).days == 12 * 7


def test_what_is_no_span_is_the_usual_one(operators_browser):
    for query in ("?weeks=99999999999", "?weeks=x", "?service=%00"):
        answer = operators_browser.get(COSTS + query)
        assert answer.status_code == 200
        assert "Nothing was billed" in answer.text
