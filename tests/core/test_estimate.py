"""What a request will take, by what was measured."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from foundry import catalog
from foundry.core.estimate import Measured, estimate, measured
from foundry.core.models import Job, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_finished(make_request):
    """A job of so many items that ended after so many seconds."""

    def make(items: int, seconds: float, ended_at: datetime | None = None, attempt: int = 1, waited: float = 0) -> None:
        request = make_request({"number": 1})
        job = Job.objects.filter(pk=request.jobs.get().pk)
        ended_at = ended_at or timezone.now()
        began_at = ended_at - timedelta(seconds=seconds)
        job.update(created_at=began_at - timedelta(seconds=waited))
        for number in range(1, attempt + 1):
            job.update(state=JobState.QUEUED, lease_until=None)
            job.update(state=JobState.RUNNING, attempt=number, claimed_at=began_at, lease_until=ended_at, items=items)
        job.update(state=JobState.SUCCEEDED, items_succeeded=items, finished_at=ended_at, lease_until=None)

    return make


def test_a_service_that_was_not_used_is_not_known(db):
    assert measured(services=["toy", "no-such"]) == {}


def test_the_median_is_over_items_so_that_small_jobs_count_little(make_finished):
    for _ in range(5):
        make_finished(1, 3.0)
    make_finished(1000, 2.0)
    assert measured(services=["toy"])["toy"].seconds_per_item == pytest.approx(0.002)


def test_jobs_that_were_tried_again_do_not_count(make_finished):
    make_finished(1, 1.0)
    make_finished(1, 9.0, attempt=2)
    assert measured(services=["toy"])["toy"].jobs == 1


def test_only_the_last_jobs_count(make_finished):
    now = timezone.now()
    for number in range(101):
        make_finished(1, 100.0 if number == 100 else 1.0, ended_at=now - timedelta(hours=number))
    found = measured(services=["toy"])["toy"]
    assert (found.jobs, found.seconds_per_item) == (100, pytest.approx(1.0))


def test_jobs_of_one_request_on_two_slots_tell_that_there_are_two(make_finished):
    now = timezone.now()
    for number in range(6):
        ended = now + timedelta(seconds=2.1 * (number // 2) + 0.01 * number)
        make_finished(100, 2.0, ended_at=ended, waited=2.1 * (number // 2))
    found = measured(services=["toy"])["toy"]
    assert (found.at_once, found.filled) == (2, True)


def test_jobs_that_never_waited_do_not_tell_how_many_slots_there_are(make_finished):
    now = timezone.now()
    for number in range(3):
        make_finished(100, 2.0, ended_at=now + timedelta(minutes=number))
    found = measured(services=["toy"])["toy"]
    assert (found.at_once, found.filled) == (1, False)


@pytest.mark.parametrize(
    ("jobs", "filled", "fastest", "seconds"),
    [
        (1, False, 30.0, 30.0),
        (3, False, 10.0, 20.0),
        (400, False, 7.5, 15.0),
        (400, True, 15.0, 15.0),
        (3, True, 20.0, 20.0),
    ],
)
def test_jobs_run_beside_each_other_as_the_last_did_or_up_to_the_services_limit(jobs, filled, fastest, seconds):
    known = {"toy": Measured(jobs=9, seconds_per_item=0.1, usd_per_item=0.01, at_once=2, filled=filled)}
    found = estimate(service=catalog.get("toy"), items=300, jobs=jobs, known=known)
    assert (found.fastest, found.seconds) == (pytest.approx(fastest), pytest.approx(seconds))
    assert found.usd == pytest.approx(3.0)


def test_nothing_takes_no_time():
    known = {"toy": Measured(jobs=1, seconds_per_item=0.1, usd_per_item=None, at_once=2, filled=False)}
    assert estimate(service=catalog.get("toy"), items=0, jobs=0, known=known).seconds == 0


def test_what_is_not_measured_is_not_guessed():
    found = estimate(service=catalog.get("toy"), items=300, jobs=3, known={})
    assert (found.jobs, found.fastest, found.seconds, found.usd) == (3, None, None, None)
