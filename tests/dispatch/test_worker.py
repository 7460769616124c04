"""`manage.py worker` with real processes: it computes, kills what hangs, replaces what dies, stops cleanly."""

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest
from django.db import connection, transaction
from django.utils import timezone

from foundry.core import requests
from foundry.core.cancel import cancel
from foundry.core.models import Attempt, Job, Result
from foundry.core.requests import RequestState


def rows(request):
    return list(requests.all_results(request=request.pk))


def running_slot(wait_for):
    """The process that computes, once one does."""
    wait_for(lambda: Attempt.objects.filter(state="running").exists())
    return int(Attempt.objects.get(state="running").slot.rpartition(":")[2])


def test_a_waiting_worker_is_woken_at_once(start_worker, make_request, finish):
    start_worker()
    finish(make_request({"number": 1}))  # the worker is up
    started = time.monotonic()
    view = finish(make_request({"number": 2}))
    assert view.state == RequestState.SUCCEEDED
    assert time.monotonic() - started < 0.9  # well before the next sweep


def test_jobs_that_waited_before_the_worker_came_are_computed(start_worker, make_request, finish):
    request = make_request(*({"number": number} for number in range(20)))
    start_worker()
    assert finish(request).state == RequestState.SUCCEEDED
    assert [row.values for row in rows(request)] == [f'{{"number":{number}}}' for number in range(20)]


def test_several_slots_compute_at_once(start_worker, make_request, finish):
    start_worker(slots=3)
    finish(make_request(*({"number": number, "seconds": 0.2} for number in range(9))))
    slots = Counter(Attempt.objects.values_list("slot", flat=True))
    assert len(slots) == 3


def test_a_slot_gives_way_to_another_service(start_worker, make_request, finish):
    start_worker(slots=1)
    assert finish(make_request({"number": 1}, service="toy")).state == RequestState.SUCCEEDED
    assert finish(make_request({"number": 1}, service="toy-saving")).state == RequestState.SUCCEEDED


def test_an_item_over_the_timeout_is_killed_twice_and_fails(start_worker, make_request, finish):
    start_worker()
    request = make_request({"seconds": 60}, service="toy-hasty")
    assert finish(request).state == RequestState.FAILED
    assert "ended after 1 seconds, the limit of toy-hasty" in rows(request)[0].error
    job = request.jobs.get()
    assert (job.attempt, job.failures, job.culprits) == (2, 1, 1)


def test_a_hanging_service_does_not_hold_up_another(start_worker, make_request, finish):
    start_worker(slots=2)
    make_request({"seconds": 30})
    assert finish(make_request({"number": 1}, service="toy-saving"), seconds=5).state == RequestState.SUCCEEDED


def test_an_item_that_kills_its_process_fails_alone(start_worker, make_request, finish):
    start_worker()
    request = make_request({"number": 1}, {"do": "die"}, {"number": 3})
    assert finish(request).state == RequestState.PARTIAL
    assert [row.state for row in rows(request)] == ["succeeded", "failed", "succeeded"]
    assert "its process was killed from outside, as the system does when" in rows(request)[1].error


def test_a_slot_killed_in_the_middle_of_a_job_is_replaced_and_each_item_has_one_result(
    start_worker, make_request, finish, wait_for
):
    start_worker()
    request = make_request(*({"number": number, "seconds": 0.1} for number in range(9)))
    os.kill(running_slot_of(request, wait_for), signal.SIGKILL)
    assert finish(request).state == RequestState.SUCCEEDED
    assert Result.objects.filter(request=request).count() == 9
    assert Counter(request.jobs.values_list("failures", flat=True))[1] == 1


def running_slot_of(request, wait_for):
    found = Attempt.objects.filter(job__request=request, state="running")
    wait_for(found.exists)
    return int(found.first().slot.rpartition(":")[2])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_hands_its_jobs_back_at_once(start_worker, make_request, wait_for, number):
    worker = start_worker()
    request = make_request({"seconds": 60})
    slot = running_slot(wait_for)
    worker.send_signal(number)
    assert worker.wait(5) == 0
    job = request.jobs.get()
    assert (job.state, job.failures, job.available_at <= timezone.now()) == ("queued", 0, True)
    assert not psutil.pid_exists(slot)


def test_a_worker_told_to_stop_while_idle_leaves_nothing_running(start_worker, make_request, finish):
    worker = start_worker()
    finish(make_request({"number": 1}))
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.terminate()
    assert worker.wait(5) == 0
    assert children
    assert not any(child.is_running() for child in children)


def test_the_next_worker_finishes_what_a_killed_one_left(start_worker, make_request, finish, wait_for, monkeypatch):
    worker = start_worker()
    request = make_request(*({"number": number, "seconds": 0.2} for number in range(12)))
    wait_for(lambda: Result.objects.filter(request=request).exists())
    slots = psutil.Process(worker.pid).children(recursive=True)
    worker.kill()
    wait_for(lambda: not any(slot.is_running() and slot.status() != "zombie" for slot in slots), 5)
    assert requests.get(team=request.team, request=request.pk).state == RequestState.RUNNING
    Job.objects.filter(state="running").update(lease_until=timezone.now())  # as twenty seconds would
    start_worker()
    assert finish(request).state == RequestState.SUCCEEDED
    assert Result.objects.filter(request=request).count() == 12


def test_a_lease_is_renewed_while_a_job_runs(start_worker, make_request, wait_for):
    start_worker()
    job = make_request({"seconds": 60}).jobs.get()
    running_slot(wait_for)
    first = Job.objects.get(pk=job.pk).lease_until
    wait_for(lambda: Job.objects.get(pk=job.pk).lease_until > first)


def test_a_cancelled_job_is_not_computed_to_its_end(start_worker, make_request, wait_for):
    start_worker()
    request = make_request({"seconds": 60})
    slot = running_slot(wait_for)
    cancel(request=request.pk)
    wait_for(lambda: not psutil.pid_exists(slot))


@pytest.mark.parametrize("payload", ["not JSON", "{}", '{"service": "gone", "release": "local", "slots": 1}', "[1]"])
def test_a_nudge_that_makes_no_sense_is_passed_over(start_worker, make_request, finish, payload):
    worker = start_worker()
    finish(make_request({"number": 1}))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('foundry_jobs', %s)", [payload])
    assert finish(make_request({"number": 2})).state == RequestState.SUCCEEDED
    assert worker.poll() is None


def test_a_flooding_service_does_not_starve_another(start_worker, make_request, finish):
    start_worker(slots=2)
    flood = make_request(*({"number": number, "seconds": 0.2} for number in range(150)))
    time.sleep(1)
    started = time.monotonic()
    assert finish(make_request({"number": 1}, service="toy-saving")).state == RequestState.SUCCEEDED
    assert time.monotonic() - started < 12  # the flood takes 15 at least
    assert requests.get(team=flood.team, request=flood.pk).state == RequestState.RUNNING


def test_no_more_slots_start_than_the_service_may_have(start_worker, make_request, finish):
    start_worker(slots=7)
    found = [make_request({"number": number, "seconds": 0.3}) for number in range(12)]
    for request in found:
        finish(request)
    spans = Attempt.objects.values_list("started_at", "finished_at")
    most = max(sum(start <= at < end for start, end in spans) for at, _ in spans)
    assert most <= 5  # its limit is 4; two may be claimed in the same instant


def test_several_items_that_kill_their_process_fail_alone(start_worker, make_request, finish):
    start_worker()
    request = make_request({"do": "die"}, {"number": 1}, {"do": "die", "number": 2})
    assert finish(request).state == RequestState.PARTIAL
    assert [row.state for row in rows(request)] == ["failed", "succeeded", "failed"]


def test_short_jobs_are_handed_back_too_when_a_worker_is_told_to_stop(start_worker, make_request, wait_for):
    worker = start_worker(slots=3)
    make_request(*({"number": number, "seconds": 0.01} for number in range(900)))
    wait_for(lambda: Result.objects.count() > 30)
    worker.terminate()
    assert worker.wait(5) == 0
    assert not Job.objects.filter(state="running").exists()
    assert not Attempt.objects.filter(state="running").exists()


def test_what_a_service_starts_ends_with_its_slot(start_worker, make_request, finish):
    worker = start_worker()
    request = make_request({"do": "fork"}, service="toy-hasty")
    assert finish(request).state == RequestState.FAILED
    worker.terminate()
    worker.wait(5)
    assert not [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] == ["sleep", "777"]]


def test_a_service_gets_the_memory_it_declares_and_no_more(start_worker, make_request, finish):
    start_worker()
    request = make_request({"number": 1}, {"do": "hoard"}, {"number": 3})
    assert finish(request).state == RequestState.PARTIAL
    assert [row.state for row in rows(request)] == ["succeeded", "failed", "succeeded"]
    assert "MemoryError" in rows(request)[1].error


def test_a_job_that_somebody_locks_holds_up_no_other(start_worker, make_request, finish, wait_for):
    start_worker(slots=2)
    make_request({"seconds": 60})
    running_slot(wait_for)
    with transaction.atomic():
        Job.objects.select_for_update().get(state="running")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(computed_elsewhere, make_request, finish).result(30) == RequestState.SUCCEEDED


def computed_elsewhere(make_request, finish):
    try:
        started = time.monotonic()
        view = finish(make_request({"number": 1}, service="toy-saving"))
        assert time.monotonic() - started < 5
        return view.state
    finally:
        connection.close()


def test_a_worker_outlives_the_loss_of_its_connections(start_worker, make_request, finish, wait_for):
    start_worker()
    finish(make_request({"number": 1}))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert finish(make_request({"number": 2})).state == RequestState.SUCCEEDED


def test_a_worker_that_cannot_reach_the_database_ends_its_slots_all_the_same(start_worker, make_request, wait_for):
    worker = start_worker()
    make_request(*({"number": number, "seconds": 60} for number in range(6)))
    wait_for(lambda: Attempt.objects.filter(state="running").count() == 2)
    slots = psutil.Process(worker.pid).children(recursive=True)
    with no_connections():
        worker.terminate()
        assert worker.wait(10) == 0
    assert not any(slot.is_running() for slot in slots)


@contextmanager
def no_connections():
    """Nobody gets a connection to the test database, and nobody but us keeps one."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as ours:
        ours.execute("SELECT pg_backend_pid()")
        (pid,) = ours.fetchone()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s", [name, pid]
            )
            yield
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
