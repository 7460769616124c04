"""What operators see of the queue and of jobs, and cancel."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundry.core import queue
from foundry.core.models import Job
from foundry.core.work import Slot, work

pytestmark = pytest.mark.django_db

OPERATE = "/operate/"


def run(job, *, lease_s=60.0, since_s=1.0):
    """As if a slot computed it."""
    now = timezone.now()
    began = now - timedelta(seconds=since_s)
    Job.objects.filter(pk=job.pk).update(
        state="running", attempt=1, claimed_at=began, lease_until=now + timedelta(seconds=lease_s)
    )
    job.attempts.create(number=1, slot="slot 7", started_at=began)
    return job


def test_for_operators_only(owners_browser, operators_browser, make_job):
    job = make_job()
    for path in (OPERATE, f"{OPERATE}jobs/{job.pk}/", f"{OPERATE}releases/", f"{OPERATE}costs/"):
        assert operators_browser.get(path).status_code == 200, path
        assert owners_browser.get(path).status_code == 404, path
        assert Client().get(path).status_code == 302, path


def test_others_do_not_see_the_way_there(owners_browser, operators_browser):
    assert OPERATE in operators_browser.get("/requests/").text
    assert OPERATE not in owners_browser.get("/requests/").text


def test_the_queue_by_service(operators_browser, make_job, make_request, compute):
    make_job()
    compute()
    old, _, running = make_job(), make_job(), run(make_job())
    make_request({"number": 1}, service="toy-saving")
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=3))
    answer = operators_browser.get(OPERATE)
    found = {one.service: (one.waiting, one.running, one.limit, oldest) for one, oldest in answer.context["queues"]}
    assert found["toy"] == (2, 1, 4, "3 hours")
    assert found["toy-saving"][:3] == (1, 0, 4)
    assert found["compute-dna"] == (0, 0, 10, "")
    assert "3 jobs wait, 1 runs." in answer.text
    assert '<th role="rowheader" scope="row">Compute DNA</th>' in answer.text
    assert [one.job.id for one in answer.context["running"]] == [running.pk]


def test_work_of_a_service_that_is_gone_is_seen(operators_browser, make_job):
    make_job()
    Job.objects.update(service="gone")
    assert "the service is gone" in operators_browser.get(OPERATE).text


@pytest.mark.parametrize(
    ("lease_s", "since_s", "trouble"),
    [
        (60, 1, ""),
        (-1, 1, "Its lease is over: the next sweep takes it back."),
        (5, 1, "Its lease ends soon."),
        (60, 31, "It takes longer than the 30 s it may."),
        (-1, 31, "Its lease is over: the next sweep takes it back. It takes longer than the 30 s it may."),
    ],
)
def test_what_is_stuck_is_told(lease_s, since_s, trouble, operators_browser, make_job):
    job = run(make_job(), lease_s=lease_s, since_s=since_s)
    [shown] = operators_browser.get(OPERATE).context["running"]
    assert (shown.trouble, shown.slot) == (trouble, "slot 7")
    assert trouble in operators_browser.get(f"{OPERATE}jobs/{job.pk}/").text


def test_those_whose_leases_end_first_come_first(operators_browser, make_job):
    for lease_s in (30, -5, 60):
        run(make_job(), lease_s=lease_s)
    shown = operators_browser.get(OPERATE).context["running"]
    assert [one.lease for one in shown] == ["over", "30 seconds", "60 seconds"]


def test_what_failed_before_is_told_with_its_error_and_no_traceback(operators_browser, make_request):
    request = make_request({"do": "raise"})
    make_request({"number": 1})
    work(Slot(service="toy", release="local", name="s", lease=timedelta(seconds=9)), jobs=1)
    job = request.jobs.get()
    answer = operators_browser.get(OPERATE)
    assert [one.id for one in answer.context["struggling"]] == [job.pk]
    assert answer.context["struggling"][0].last_error in answer.text
    for text in (answer.text, operators_browser.get(f"{OPERATE}jobs/{job.pk}/").text):
        assert "Traceback" not in text
        assert "compute.py" not in text


def test_it_looks_again_only_while_there_is_work(operators_browser, make_job, compute):
    assert "hx-get" not in operators_browser.get(OPERATE).text
    make_job()
    assert "hx-get" in operators_browser.get(OPERATE).text
    compute()
    assert "hx-get" not in operators_browser.get(f"{OPERATE}?looks=2", headers={"HX-Request": "true"}).text


def test_a_job_shows_nothing_of_what_it_computes(operators_browser, make_request):
    request = make_request({"number": 1, "name": "secret design"}, label="secret label", options={"factor": 987654321})
    text = operators_browser.get(f"{OPERATE}jobs/{request.jobs.get().pk}/").text
    assert "owner of team" in text
    assert str(request.pk) in text
    assert f"/requests/{request.pk}/" not in text.replace(f"/operate/requests/{request.pk}/cancel/", "")
    for secret in ("secret", "987654321"):
        assert secret not in text


@pytest.mark.parametrize("job", [0, 999_999_999, 10**30])
def test_a_job_that_is_none_is_not_there(job, operators_browser):
    assert operators_browser.get(f"{OPERATE}jobs/{job}/").status_code == 404


def test_an_operator_cancels_what_is_any_teams(operators_browser, owners_browser, make_job):
    job = make_job()
    address = f"{OPERATE}requests/{job.request_id}/cancel/"
    assert address in operators_browser.get(f"{OPERATE}jobs/{job.pk}/").text
    assert operators_browser.get(address).status_code == 405
    assert owners_browser.post(address).status_code == 404
    job.refresh_from_db()
    assert job.state == "queued"
    assert "Cancelled: 1 job of request" in operators_browser.post(address, follow=True).text
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert "nothing to cancel" in operators_browser.post(address, follow=True).text


def test_the_number_of_queries_does_not_grow(operators_browser, make_job):
    for _ in range(25):
        run(make_job())
        make_job()
    with CaptureQueriesContext(connection) as queries:
        operators_browser.get(OPERATE)
    assert 3 < len(queries) < 15


_FINISHED = """
INSERT INTO core_job (request_id, state, service, release, owner_id, priority, attempt_limit, attempt, failures, items,
                      items_succeeded, items_failed, claimed_at, finished_at)
SELECT request_id, 'succeeded', service, release, owner_id, 0, 3, 1, 0, 1, 1, 0, now(), now()
FROM core_job, generate_series(1, 20000) WHERE id = %s
"""


def test_counting_the_queue_reads_its_index(make_job):
    job = make_job()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_job DISABLE TRIGGER core_job_guard")  # jobs begin queued
        cursor.execute(_FINISHED, [job.pk])
        cursor.execute("ANALYZE core_job")
        cursor.execute(f"EXPLAIN {queue._WAITING}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "job_queue" in plan
