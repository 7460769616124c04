"""The lifecycle of a job: what may follow what, guarded in the database."""

import dataclasses
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from foundry import catalog
from foundry.core import finish, releases, requests
from foundry.core.cancel import cancel
from foundry.core.claim import claim
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import Attempt, Job, JobState, Result
from foundry.core.requests import RequestState
from foundry.core.retry import retry
from foundry.core.sweep import expire_leases, sweep
from foundry.core.work import perform

pytestmark = pytest.mark.django_db

TOY = catalog.get("toy")
ERROR = finish.AttemptError(code="test", message="It broke.", traceback="secret")
OK = {"number": 1}


def take():
    return claim(service=TOY, release="local", slot="s", lease=timedelta(seconds=60))


def expire(job):
    Job.objects.filter(pk=job).update(lease_until=timezone.now() - timedelta(seconds=1))


def make_due(job):
    Job.objects.filter(pk=job).update(available_at=timezone.now() - timedelta(seconds=1))


def state_of(request):
    return requests.get(team=request.team, request=request.pk).state


# What the database refuses, whoever asks.

_FIELDS = {
    "queued": {"lease_until": None, "finished_at": None},
    "running": {"lease_until": timezone.now(), "finished_at": None},
    "succeeded": {"lease_until": None, "finished_at": timezone.now(), "items_succeeded": 1},
    "failed": {"lease_until": None, "finished_at": timezone.now(), "items_failed": 1, "error": {}, "failures": 1},
    "cancelled": {"lease_until": None, "finished_at": timezone.now()},
}
_ALLOWED = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
}


def move(job, state, **more):
    fields = {"items_succeeded": 0, "items_failed": 0, "error": None} | _FIELDS[state] | more
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state=state, **fields)


def put_into(job, state):
    Job.objects.filter(pk=job.pk).update(attempt_limit=1)
    if state != "queued":
        move(job, "running", attempt=1, claimed_at=timezone.now())
    if state not in ("queued", "running"):
        move(job, state)


@pytest.mark.parametrize("before", JobState.values)
@pytest.mark.parametrize("after", JobState.values)
def test_only_the_designs_transitions_are_possible(make_job, before, after):
    job = make_job()
    put_into(job, before)
    more = {"attempt": 1, "claimed_at": timezone.now()} if (before, after) == ("queued", "running") else {}
    if before == after or (before, after) in _ALLOWED:
        move(job, after, **more)
    else:
        with pytest.raises(IntegrityError, match="is not a transition"):
            move(job, after)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "lost"}, "job_transition|job_state_known|is not a transition"),
        ({"lease_until": timezone.now()}, "job_leased_while_running"),
        ({"finished_at": timezone.now()}, "job_finished_at_when_ended"),
        ({"claimed_at": timezone.now()}, "job_claimed_at_when_attempted"),
        ({"attempt": 1, "claimed_at": timezone.now()}, "without a claim"),
        ({"failures": 1}, "job_failures_are_attempts"),
        ({"attempt_limit": 0}, "job_failed_at_the_attempt_limit"),
        ({"item_in_hand": 1}, "job_item_in_hand_while_running"),
        ({"items_succeeded": 2}, "job_items_counted"),
        ({"items_failed": 2}, "job_items_counted"),
        ({"priority": 6}, "job_priority_in_range"),
    ],
)
def test_impossible_jobs_are_refused(make_job, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Job.objects.filter(pk=make_job().pk).update(**fields)


def test_a_job_cannot_succeed_with_items_that_have_no_result(make_job):
    job = make_job()
    put_into(job, "running")
    with pytest.raises(IntegrityError, match="job_all_items_have_results"):
        move(job, "succeeded", items_succeeded=0)


def test_a_result_is_written_once(make_job):
    job = make_job()
    perform(TOY, take())
    result = Result.objects.get(request=job.request)
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        Result.objects.filter(request=job.request).update(state="failed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Result.objects.bulk_create([result])


def test_an_attempt_that_ended_stays_as_it_is(make_job):
    make_job()
    perform(TOY, take())
    with pytest.raises(IntegrityError, match="it has ended as succeeded"), transaction.atomic():
        Attempt.objects.update(slot="another")


def test_a_result_needs_its_item(make_job):
    job = make_job()
    with pytest.raises(IntegrityError, match="core_result_item_fk"), transaction.atomic():
        Result.objects.bulk_create([Result(request=job.request, position=2, state="succeeded", values={})])


# Finishing.


def test_saving_the_last_results_finishes_the_job(make_job):
    job = make_job()
    claimed = take()
    finish.save(claimed, TOY, [([1], OK)], last=True)
    job.refresh_from_db()
    attempt = job.attempts.get()
    assert (job.state, job.items_succeeded, job.lease_until) == ("succeeded", 1, None)
    assert (attempt.state, attempt.versions["toy"]) == ("succeeded", "1.0")
    assert "pydantic" in attempt.versions


def test_finishing_twice_changes_nothing(make_job):
    job = make_job()
    claimed = take()
    finish.save(claimed, TOY, [([1], OK)], last=True)
    with pytest.raises(finish.LateError), transaction.atomic():
        finish.save(claimed, TOY, [([1], OK)], last=True)
    finish.fail(claimed.job, claimed.attempt, error=ERROR)
    finish.hand_back(claimed.job, claimed.attempt)
    job.refresh_from_db()
    assert (job.state, job.items_succeeded, job.failures) == ("succeeded", 1, 0)


def test_a_late_finisher_changes_nothing_while_another_attempt_runs(make_job):
    job = make_job()
    late = take()
    expire(job.pk)
    expire_leases()
    make_due(job.pk)
    current = take()
    with pytest.raises(finish.LateError), transaction.atomic():
        finish.save(late, TOY, [([1], OK)], last=True)
    finish.fail(late.job, late.attempt, error=ERROR)
    assert not Result.objects.exists()
    finish.save(current, TOY, [([1], OK)], last=True)
    assert Result.objects.get().attempt_id == current.attempt_id


# Failing.


def test_a_failed_attempt_is_tried_again_after_a_pause(make_job):
    job = make_job()
    claimed = take()
    finish.fail(claimed.job, claimed.attempt, error=ERROR)
    job.refresh_from_db()
    assert (job.state, job.failures, job.error["message"]) == ("queued", 1, "It broke.")
    assert job.available_at > timezone.now()
    assert take() is None


def test_pauses_grow_and_are_jittered(make_job):
    def pause(job):
        make_due(job.pk)
        claimed = take()
        failed_at = timezone.now()
        finish.fail(claimed.job, claimed.attempt, error=ERROR)
        job.refresh_from_db()
        return (job.available_at - failed_at).total_seconds()

    jobs = [make_job() for _ in range(4)]
    first = [pause(job) for job in jobs]
    assert len(set(first)) == 4
    assert all(0.5 <= seconds < 2 for seconds in first)
    assert 1 <= pause(jobs[0]) < 4


def test_at_the_attempt_limit_the_job_fails_and_each_item_without_a_result_gets_the_error(make_request):
    request = make_request({"number": 1}, {"number": 2}, {"number": 3})
    for attempt in range(3):
        claimed = take()
        if attempt == 0:
            finish.save(claimed, TOY, [([2], OK)], last=False)
        finish.fail(claimed.job, claimed.attempt, error=ERROR)
        make_due(claimed.job)
    job = request.jobs.get()
    assert (job.state, job.failures, job.items_succeeded, job.items_failed) == ("failed", 3, 1, 2)
    rows = list(requests.all_results(request=request.pk))
    assert [row.state for row in rows] == ["failed", "succeeded", "failed"]
    assert rows[0].error == '{"code":"test","message":"It broke."}'
    assert state_of(request) == RequestState.PARTIAL


def test_handing_back_is_no_failure_and_needs_no_pause(make_job):
    job = make_job()
    for _ in range(5):
        claimed = take()
        finish.hand_back(claimed.job, claimed.attempt)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.failures) == ("queued", 5, 0)
    assert set(job.attempts.values_list("state", flat=True)) == {"handed_back"}


# The sweep.


def test_the_sweep_takes_back_what_lost_its_slot_and_nothing_else(make_job):
    lost, held = make_job(), make_job()
    take(), take()
    expire(lost.pk)
    assert sweep().expired == 1
    lost.refresh_from_db()
    held.refresh_from_db()
    assert (lost.state, lost.failures, held.state) == ("queued", 1, "running")
    assert "was lost" in lost.error["message"]


def test_the_sweep_nudges_for_what_waits(make_job, django_capture_on_commit_callbacks):
    job = make_job()  # its nudge is lost: this transaction never commits
    assert sweep().nudged == 1
    job.refresh_from_db()
    assert job.state == "succeeded"


def test_the_sweep_removes_what_is_past_its_retention(make_job, settings):
    old, unfinished, young = make_job(), make_job(), make_job()
    perform(TOY, take())
    cancel(request=young.request.pk)
    long_ago = timezone.now() - timedelta(days=31)
    for job in (old, unfinished):
        type(job.request).objects.filter(pk=job.request.pk).update(created_at=long_ago)
    Job.objects.filter(pk=unfinished.pk).update(available_at=timezone.now() + timedelta(days=1))
    settings.FOUNDRY_RETENTION_DAYS = 30
    assert sweep().removed == 1
    assert sweep().removed == 0
    assert set(Job.objects.values_list("pk", flat=True)) == {unfinished.pk, young.pk}


@pytest.mark.parametrize(("seconds", "removed"), [(5, 4), (0, 1)])
def test_the_sweep_removes_for_as_long_as_it_has_time(make_job, settings, seconds, removed):
    for _ in range(4):
        request = make_job().request
        cancel(request=request.pk)
        type(request).objects.filter(pk=request.pk).update(created_at=timezone.now() - timedelta(days=31))
    settings.FOUNDRY_RETENTION_DAYS = 30
    assert sweep(removing_s=seconds).removed == removed
    assert Job.objects.count() == 4 - removed


@pytest.mark.parametrize("broken", ["expire_leases", "nudge_waiting", "retire_drained", "remove_expired"])
def test_a_step_of_the_sweep_that_fails_stops_no_other(make_job, settings, monkeypatch, caplog, broken):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    settings.FOUNDRY_RETENTION_DAYS = 30
    old, lost = make_job(), make_job()
    perform(TOY, take())
    type(old.request).objects.filter(pk=old.request.pk).update(created_at=timezone.now() - timedelta(days=31))
    take()
    expire(lost.pk)
    make_job()
    for version in (1, 2):
        releases.record(service="toy", name=f"toy-function:{version}", by="ci")
    monkeypatch.setattr(f"foundry.core.sweep.{broken}", broken_step)
    swept = dataclasses.asdict(sweep())
    names = {"expire_leases": "expired", "nudge_waiting": "nudged", "retire_drained": "retired"}
    expected = {"expired": 1, "nudged": 1, "retired": 1, "removed": 1, "failed": 1}
    assert swept == expected | {names.get(broken, "removed"): 0}
    assert "a step of the sweep failed" in caplog.text
    assert "the disk is full" in caplog.text


def broken_step(**arguments):
    raise DatabaseError("the disk is full")


# Cancel and retry.


def test_cancelling_ends_what_waits_and_what_runs_and_keeps_what_is_there(make_request):
    request = make_request(*({"number": number} for number in range(7)))
    perform(TOY, take())
    running = take()
    assert cancel(request=request.pk) == 2
    with pytest.raises(finish.LateError), transaction.atomic():
        finish.save(running, TOY, [], last=True)
    assert state_of(request) == RequestState.CANCELLED
    assert len(list(requests.all_results(request=request.pk))) == 3
    assert set(Attempt.objects.values_list("state", flat=True)) == {"succeeded", "cancelled"}


def test_what_has_ended_cannot_be_cancelled(make_job):
    job = make_job()
    perform(TOY, take())
    with pytest.raises(NotAllowedNowError, match="ended already"):
        cancel(request=job.request.pk)


def test_retrying_computes_the_failed_items_only(make_request):
    request = make_request(*({"number": n, "do": "err" if n in (1, 5) else "echo"} for n in range(7)))
    while claimed := take():
        perform(TOY, claimed)
    before = {row.position: row.attempt for row in requests.all_results(request=request.pk)}
    assert retry(request=request) == 2
    assert state_of(request) == RequestState.RUNNING
    while claimed := take():
        perform(TOY, claimed)
    after = {row.position: row.attempt for row in requests.all_results(request=request.pk)}
    assert {position for position in after if after[position] != before[position]} == {2, 6}
    assert sorted(request.jobs.values_list("items", flat=True)) == [1, 1, 1, 2, 2]
    assert state_of(request) == RequestState.PARTIAL


def test_retrying_a_request_without_failed_items_is_refused(make_request):
    request = make_request({"number": 1}, {"number": -1})
    perform(TOY, take())
    with pytest.raises(NotAllowedNowError, match="no failed items"):
        retry(request=request)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([{"number": 1}], RequestState.SUCCEEDED),
        ([{"do": "err"}], RequestState.FAILED),
        ([{"number": 1}, {"do": "err"}], RequestState.PARTIAL),
        ([{"number": 1}, {"number": -1}], RequestState.PARTIAL),
    ],
)
def test_a_requests_state_follows_from_its_jobs(make_request, items, expected):
    request = make_request(*items)
    assert state_of(request) == RequestState.QUEUED
    claimed = take()
    assert state_of(request) == RequestState.RUNNING
    perform(TOY, claimed)
    assert state_of(request) == expected
