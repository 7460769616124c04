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

    def make(items: int, seconds: float, ended_at: datetime | None = None, attempt: int = 1) -> None:
        request = make_request({"number": 1})
        job = Job.objects.filter(pk=request.jobs.get().pk)
        ended_at = ended_at or timezone.now()
        began_at = ended_at - timedelta(seconds=seconds)
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


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 30.0), (3, 10.0), (400, 7.5)])
def test_jobs_run_beside_each_other_up_to_the_services_limit(jobs, seconds):
    known = {"toy": Measured(jobs=1, seconds_per_item=0.1, usd_per_item=0.01)}
    found = estimate(service=catalog.get("toy"), items=300, jobs=jobs, known=known)
    assert (found.seconds, found.usd) == (pytest.approx(seconds), pytest.approx(3.0))


def test_what_is_not_measured_is_not_guessed():
    found = estimate(service=catalog.get("toy"), items=300, jobs=3, known={})
    assert (found.jobs, found.seconds, found.usd) == (3, None, None)
