"""Cost: however an attempt ends, what its time cost is on it."""

import json
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from foundry import catalog, environment
from foundry.core import cost, finish, lease
from foundry.core.cancel import cancel
from foundry.core.claim import claim
from foundry.core.cost import Meter
from foundry.core.models import Attempt, Job
from foundry.core.prices import LIST_PRICES, Prices, prices
from foundry.core.sweep import expire_leases
from foundry.core.work import Slot, perform, work

pytestmark = pytest.mark.django_db

TOY = catalog.get("toy")
PRICES = Prices("test 2026-11", Decimal("0.00002"), Decimal("0.0000005"))
ERROR = finish.AttemptError(code="test", message="It broke.")


@pytest.fixture(autouse=True)
def no_slots(settings):
    """Jobs wait until a test takes them."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"


def meter(*, began_s=0.0, left_s=900.0, memory_mb=2048):
    """Of an invocation that began so many seconds ago."""
    now = time.monotonic()
    return Meter(memory_mb=memory_mb, prices=PRICES, billed_to=now - began_s, ends_at=now + left_s)


def take(meter, lease_s=60):
    Job.objects.filter(state="queued").update(available_at="2020-01-01T00:00Z")
    return claim(service=TOY, release="local", slot="s", lease=timedelta(seconds=lease_s), meter=meter)


def usd(attempt, *, first=True):
    """By hand: the invocation, and GB-seconds."""
    return (first * Decimal("0.0000005")) + Decimal("0.00002") * attempt.memory_mb / 1024 * attempt.billed_ms / 1000


# However it ends.


def succeed(claimed):
    perform(TOY, claimed)


def fail(claimed):
    finish.fail(claimed.job, claimed.attempt, error=ERROR)


def die(claimed):
    finish.fail_slot("s", error=ERROR)


def expire(claimed):
    Job.objects.filter(pk=claimed.job).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert expire_leases() == 1


def hand_back(claimed):
    finish.hand_back(claimed.job, claimed.attempt)


def be_stopped(claimed):
    lease.hand_back(slots=["s"])


def be_cancelled(claimed):
    cancel(request=claimed.request)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (succeed, "succeeded"),
        (fail, "failed"),
        (die, "failed"),
        (expire, "failed"),
        (hand_back, "handed_back"),
        (be_stopped, "handed_back"),
        (be_cancelled, "cancelled"),
    ],
)
def test_however_an_attempt_ends_its_cost_is_on_it(make_job, end, state):
    job = make_job()
    claimed = take(meter(began_s=1.5))
    running = job.attempts.get()
    assert (running.billed_ms, running.cost_usd) == (None, None)
    end(claimed)
    attempt = job.attempts.get()
    assert attempt.state == state
    assert (attempt.memory_mb, attempt.price_list) == (2048, "test 2026-11")
    exact_ms = (attempt.finished_at - attempt.billed_from) / timedelta(milliseconds=1)
    assert 1500 < exact_ms <= attempt.billed_ms < exact_ms + 1
    assert attempt.cost_usd == usd(attempt)


def test_the_last_try_of_a_job_is_billed_too(make_job):
    job = make_job()
    for _ in range(3):
        fail(take(meter(began_s=0.01)))
    job.refresh_from_db()
    assert job.state == "failed"
    assert all(attempt.cost_usd > PRICES.per_invocation for attempt in job.attempts.all())


@pytest.mark.parametrize("end", [expire, be_cancelled, die])
def test_what_died_unseen_costs_no_more_than_its_invocation_may_last(make_job, end):
    job = make_job()
    claimed = take(meter(began_s=2, left_s=0.02))
    time.sleep(0.1)
    end(claimed)
    assert 2020 <= job.attempts.get().billed_ms <= 2022


def test_where_nobody_bills_nothing_is_kept(make_job):
    job = make_job()
    perform(TOY, take(None))
    attempt = job.attempts.get()
    assert (attempt.memory_mb, attempt.price_list, attempt.billed_ms, attempt.cost_usd) == (None,) * 4
    assert cost.of_request(request=job.request_id) is None


# What of an invocation's time is whose.


@pytest.mark.django_db(transaction=True)
def test_an_invocations_time_is_all_on_its_attempts(make_request):
    request = make_request(*({"number": number} for number in range(10)))
    began = time.monotonic() - 0.5
    slot_meter = Meter(memory_mb=1024, prices=PRICES, billed_to=began, ends_at=began + 900)
    slot = Slot(service="toy", release="local", name="s", lease=timedelta(seconds=60), meter=slot_meter)
    assert work(slot) == 4
    lasted_ms = (time.monotonic() - began) * 1000
    attempts = list(Attempt.objects.filter(job__request=request).order_by("pk"))
    billed_ms = sum(attempt.billed_ms for attempt in attempts)
    until_left_ms = (attempts[-1].left_at - attempts[0].billed_from) / timedelta(milliseconds=1)
    assert attempts[0].billed_ms > 500
    assert until_left_ms - 100 < billed_ms < lasted_ms + 2 * len(attempts)  # each is rounded up
    assert [attempt.cost_usd for attempt in attempts] == [
        usd(attempt, first=number == 0) for number, attempt in enumerate(attempts)
    ]


def test_what_a_slot_computes_after_its_job_was_cancelled_is_the_jobs(make_job):
    job, following = make_job(), make_job()
    slot_meter = meter()
    claimed = take(slot_meter)
    be_cancelled(claimed)
    time.sleep(0.05)
    slot_meter.leave(claimed.attempt_id)
    take(slot_meter)
    following.refresh_from_db()
    assert job.attempts.get().billed_ms >= 50
    attempt = following.attempts.get()
    assert attempt.started_at - attempt.billed_from < timedelta(milliseconds=40)


def test_an_attempt_that_runs_is_not_left(make_job):
    job = make_job()
    slot_meter = meter()
    slot_meter.leave(take(slot_meter).attempt_id)
    assert job.attempts.get().left_at is None
    with pytest.raises(IntegrityError, match="attempt_left_when_ended"), transaction.atomic():
        Attempt.objects.update(left_at=timezone.now())


@pytest.mark.parametrize("missing", ["memory_mb", "price_list", "usd_per_gb_second", "billed_from", "slot_ends_by"])
def test_an_attempt_is_billed_with_all_that_takes_or_not_at_all(make_job, missing):
    make_job()
    take(meter())
    with pytest.raises(IntegrityError, match="attempt_billed_or_not"), transaction.atomic():
        Attempt.objects.update(**{missing: None})


@pytest.mark.parametrize("field", ["memory_mb", "usd_per_gb_second", "billed_from"])
def test_the_bill_of_an_attempt_that_ended_cannot_be_changed(make_job, field):
    make_job()
    succeed(take(meter()))
    with pytest.raises(IntegrityError, match="it has ended"), transaction.atomic():
        Attempt.objects.update(**{field: None})


def test_a_processs_start_is_billed_once():
    code = (
        "import time, django; time.sleep(0.3); django.setup()\n"
        "from foundry.core.cost import meter\n"
        "first, second = (time.monotonic() - meter(memory_mb=128, left_s=9).billed_to for _ in range(2))\n"
        "print(first, second)"
    )
    started = time.monotonic()
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = map(float, run.stdout.split())
    assert 0.3 < first < time.monotonic() - started + 0.02
    assert second < 0.01


# Prices.


def test_the_list_prices_are_of_the_machine():
    assert prices("x86_64").per_gb_second > prices("aarch64").per_gb_second == prices("arm64").per_gb_second
    assert all("2026-11" in one.price_list for one in LIST_PRICES.values())
    with pytest.raises(LookupError, match="FOUNDRY_PRICES"):
        prices("riscv64")


def test_a_million_seconds_of_a_gigabyte_cost_what_the_price_page_says():
    """16.67 USD, and 0.20 USD for a million invocations."""
    assert prices("x86_64").per_gb_second * 1_000_000 == Decimal("16.6667")
    assert prices("x86_64").per_invocation * 1_000_000 == Decimal("0.20")


def test_prices_of_ones_own_take_their_place(settings, monkeypatch):
    monkeypatch.setenv("FOUNDRY_PRICES", "ours 2027; 0.00001; 0")
    settings.FOUNDRY_PRICES = environment.prices("FOUNDRY_PRICES")
    assert prices("riscv64") == Prices("ours 2027", Decimal("0.00001"), Decimal(0))


@pytest.mark.parametrize(
    "value", ["ours", "ours; 1", "; 0.1; 0", "ours; x; 0", "ours; NaN; 0", "ours; 2; 0", "a;0.1;0;0"]
)
def test_wrong_prices_are_said(monkeypatch, value):
    monkeypatch.setenv("FOUNDRY_PRICES", value)
    with pytest.raises(ImproperlyConfigured, match="FOUNDRY_PRICES"):
        environment.prices("FOUNDRY_PRICES")


# Sums.


def test_a_requests_cost_is_that_of_all_its_attempts(owner, teammate, stranger, make_request):
    request = make_request(*({"number": number} for number in range(5)))
    make_other = make_request({"number": 1})
    path = f"/api/v1/requests/{request.pk}"
    assert owner.get(path).json()["cost"] is None
    fail(take(meter(began_s=1)))
    while claimed := take(meter(began_s=1, memory_mb=1024)):
        succeed(claimed)
    attempts = list(Attempt.objects.filter(job__request=request))
    assert len(attempts) == 3
    shown = teammate.get(path).json()["cost"]
    assert shown["usd"] == pytest.approx(float(sum(attempt.cost_usd for attempt in attempts)))
    assert shown["billed_ms"] == sum(attempt.billed_ms for attempt in attempts)
    assert shown["gb_seconds"] == pytest.approx(
        sum(attempt.billed_ms * attempt.memory_mb for attempt in attempts) / 1024 / 1000
    )
    assert (shown["attempts"], shown["price_lists"]) == (3, ["test 2026-11"])
    assert stranger.get(path).status_code == 404
    assert owner.get(f"/api/v1/requests/{make_other.pk}").json()["cost"]["attempts"] == 1


def manage(*words):
    out = StringIO()
    call_command("costs", *words, stdout=out)
    return out.getvalue()


def test_costs_are_summed_by_service_team_and_week(make_request, stranger):
    make_request({"number": 1})
    make_request({"number": 2}, caller=stranger.caller)
    fail(take(meter(began_s=1)))
    while claimed := take(meter(began_s=1)):
        succeed(claimed)
    lines = manage().splitlines()
    assert lines[1].split()[:4] == ["toy", "2", "3", "1"]
    assert lines[2] == "By test 2026-11."
    teams = json.loads(manage("--by", "team", "--json"))
    assert [(row["name"], row["requests"], row["cost"]["attempts"]) for row in teams] == [
        ("strangers", 1, 1),
        ("team", 1, 2),
    ]
    total = sum(attempt.cost_usd for attempt in Attempt.objects.all())
    assert sum(Decimal(row["cost"]["usd"]) for row in teams) == total
    (week,) = json.loads(manage("--by", "week", "--json"))
    assert week["name"] == f"{timezone.now():%G-W%V}"


def test_costs_are_of_a_service_and_a_time(make_request):
    make_request({"number": 1})
    succeed(take(meter()))
    assert manage("--service", "toy-saving").startswith("Nothing was billed since")
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"
    assert manage("--since", tomorrow) == f"Nothing was billed since {tomorrow}.\n"
    assert "toy" in manage("--service", "toy", "--since", "2020-01-01")
