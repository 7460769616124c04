"""Claims: priority, fair share, age; each job to one slot; fast whatever has finished."""

import dataclasses
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from foundry import catalog
from foundry.core import finish
from foundry.core.claim import CLAIM_ALONE, CLAIM_IN_TURN, claim
from foundry.core.cost import NOT_BILLED
from foundry.core.models import Attempt, Job

pytestmark = pytest.mark.django_db


def take(slot="s", service="toy", release="local", concurrency=1_000):
    found = catalog.get(service)
    limits = dataclasses.replace(found.limits, concurrency=concurrency)
    service = dataclasses.replace(found, limits=limits)
    return claim(service=service, release=release, slot=slot, lease=timedelta(seconds=60))


def test_a_claim_starts_an_attempt_under_a_lease(make_job):
    job = make_job(options={"factor": 3})
    claimed = take("host:1")
    job.refresh_from_db()
    attempt = Attempt.objects.get(job=job)
    assert (job.state, job.attempt, claimed.job, claimed.options) == ("running", 1, job.pk, {"factor": 3})
    assert (attempt.pk, attempt.number, attempt.state, attempt.slot) == (claimed.attempt_id, 1, "running", "host:1")
    assert timedelta(seconds=50) < job.lease_until - timezone.now() <= timedelta(seconds=60)


def test_nothing_to_claim(make_job):
    assert take() is None


def test_the_oldest_job_comes_first(make_job):
    jobs = [make_job() for _ in range(3)]
    assert [take().job for _ in jobs] == [job.pk for job in jobs]


def test_a_higher_priority_comes_first(make_job):
    low, normal, high = (make_job(priority=priority) for priority in (-1, 0, 5))
    assert [take().job for _ in range(3)] == [high.pk, normal.pk, low.pk]


def test_owners_take_turns_whoever_came_first_with_however_many(make_job, stranger):
    ours = [make_job().pk for _ in range(4)]
    theirs = [make_job(caller=stranger.caller).pk for _ in range(2)]
    assert [take().job for _ in range(6)] == [ours[0], theirs[0], ours[1], theirs[1], ours[2], ours[3]]


def test_owners_take_turns_on_a_single_slot(make_job, stranger):
    ours = [make_job().pk for _ in range(3)]
    theirs = [make_job(caller=stranger.caller).pk for _ in range(2)]
    order = []
    for _ in range(5):
        claimed = take()
        order.append(claimed.job)
        finish.hand_back(claimed.job, claimed.attempt)
        Job.objects.filter(pk=claimed.job).update(state="cancelled", finished_at=timezone.now())
    assert order == [ours[0], theirs[0], ours[1], theirs[1], ours[2]]


def test_a_slot_takes_jobs_of_its_service_and_release_only(make_job):
    job = make_job(service="toy-saving")
    assert take(service="toy") is None
    assert take(service="toy-saving", release="other") is None
    assert take(service="toy-saving").job == job.pk


def test_a_job_that_pauses_after_a_failure_is_not_claimed(make_job):
    paused, free = make_job(), make_job()
    Job.objects.filter(pk=paused.pk).update(available_at=timezone.now() + timedelta(minutes=1))
    assert take().job == free.pk
    assert take() is None


def test_no_more_jobs_run_than_the_service_may(make_job):
    for _ in range(3):
        make_job()
    first, second = take(concurrency=2), take(concurrency=2)
    assert take(concurrency=2) is None
    finish.hand_back(first.job, first.attempt)
    assert take(concurrency=2).job == first.job
    assert second


# Releases of one service.


@pytest.fixture
def waits(make_job, settings):
    """Puts jobs of a release into the queue; they wait until a test takes them."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"

    def put(release, jobs, **arguments):
        settings.FOUNDRY_RELEASE = release
        return [make_job(**arguments) for _ in range(jobs)]

    return put


def end(claimed):
    """The job is computed."""
    finish.save(claimed, catalog.get("toy"), [([1], {"number": 1})], last=True)


def running():
    return Counter(Job.objects.filter(state="running").values_list("release", flat=True))


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7])
def test_a_busy_release_leaves_another_that_waits_its_part_of_the_slots(waits, limit):
    waits("busy", 3 * limit + 12)
    held = {"busy": [take(release="busy", concurrency=limit) for _ in range(limit)], "late": []}
    waits("late", limit + 6)
    order = []
    for _ in range(2 * limit + 4):  # a job ends, and its slot is the first to ask
        release = max(held, key=lambda release: len(held[release]))
        end(held[release].pop(0))
        for asking in (release, "late" if release == "busy" else "busy"):
            if claimed := take(release=asking, concurrency=limit):
                held[asking].append(claimed)
                order.append(asking)
    assert sum(running().values()) == limit, "no slot is left idle"
    if limit == 1:
        assert order == ["late", "busy"] * 3
    else:
        assert order[: limit // 2] == ["late"] * (limit // 2), "at once"
        assert min(running()["busy"], running()["late"]) >= limit // 2


def test_no_slot_is_kept_for_more_than_another_release_has_jobs_for(waits):
    waits("busy", 9)
    (late,) = waits("late", 1)
    assert [bool(take(release="busy", concurrency=4)) for _ in range(4)] == [True, True, True, False]
    assert take(release="late", concurrency=4).job == late.pk
    assert running() == {"busy": 3, "late": 1}


def test_jobs_that_pause_keep_no_slot_from_another_release(waits):
    waits("busy", 4)
    for paused in waits("late", 2):
        Job.objects.filter(pk=paused.pk).update(available_at=timezone.now() + timedelta(minutes=1))
    assert all(take(release="busy", concurrency=4) for _ in range(4))


def test_a_release_that_nobody_runs_costs_others_no_more_than_its_part(waits):
    waits("busy", 9)
    waits("dead", 9)
    assert [bool(take(release="busy", concurrency=4)) for _ in range(3)] == [True, True, False]


def test_a_turn_that_nobody_takes_passes(waits):
    waits("busy", 2)
    waits("dead", 1)
    claimed = take(release="busy", concurrency=1)
    end(claimed)
    assert take(release="busy", concurrency=1) is None
    Job.objects.filter(pk=claimed.job).update(finished_at=timezone.now() - timedelta(seconds=31))
    assert take(release="busy", concurrency=1)


def test_three_releases_have_a_third_each(waits):
    for release in ("one", "two", "three"):
        waits(release, 8)
    for release in ("one", "two", "three"):
        while take(release=release, concurrency=7):
            pass
    assert sorted(running().values()) == [2, 2, 3], "what is over is anybody's"


def test_turns_are_taken_whoever_owns_the_jobs(waits, stranger):
    waits("busy", 3)
    waits("late", 2, caller=stranger.caller)
    order = []
    for _ in range(4):
        (claimed,) = filter(None, (take(release=release, concurrency=1) for release in ("busy", "late")))
        order.append(Job.objects.get(pk=claimed.job).release)
        end(claimed)
    assert order == ["busy", "late", "busy", "late"]


@pytest.mark.django_db(transaction=True)
def test_another_owners_job_is_taken_while_somebody_locks_those_whose_turn_it_is(make_job, stranger, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    ours, theirs = make_job(), make_job(caller=stranger.caller)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Job.objects.select_for_update().get(pk=ours.pk)

        def elsewhere():
            try:
                return take().job
            finally:
                connection.close()

        assert pool.submit(elsewhere).result(timeout=5) == theirs.pk


@pytest.mark.django_db(transaction=True)
def test_many_slots_at_once_get_each_job_once(make_job, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    jobs = {make_job().pk for _ in range(60)}
    start = threading.Barrier(8)

    def slot(_):
        start.wait()
        taken = []
        while claimed := take():
            taken.append(claimed.job)
        connection.close()
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [job for some in pool.map(slot, range(8)) for job in some]
    assert Counter(taken) == Counter(jobs)


_MANY = """
INSERT INTO core_job (request_id, state, service, release, owner_id, priority, attempt_limit, attempt, failures, items,
                      items_succeeded, items_failed, claimed_at, finished_at)
SELECT request_id, 'succeeded', 'toy', 'local', owner_id, 0, 3, 1, 0, 1, 1, 0,
       now() - n * interval '1 second', now() - n * interval '1 second'
FROM core_job, generate_series(1, 1000000) AS n WHERE id = %s
"""


_QUEUED = """
INSERT INTO core_job (request_id, state, service, release, owner_id, priority, attempt_limit, attempt, failures, items,
                      items_succeeded, items_failed)
SELECT request_id, 'queued', 'toy', other.release, owner_id, 0, 3, 0, 0, 1, 0, 0
FROM core_job, generate_series(1, 3000), unnest(%s::text[]) AS other (release) WHERE id = %s
"""


def test_a_claim_reads_the_queue_and_none_of_a_million_finished_jobs(make_job):
    job = make_job()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_job DISABLE TRIGGER core_job_guard")  # jobs begin queued
        with suppress(ProgrammingError), transaction.atomic():  # allowed to superusers: leaves out foreign key checks
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_MANY, [job.pk])
    for more, limit, statement in (
        ([], 9, CLAIM_ALONE),
        (["local"], 9, CLAIM_ALONE),
        ([], 9, CLAIM_IN_TURN),
        (["other"], 9, CLAIM_IN_TURN),
        ([], 1, CLAIM_IN_TURN),
    ):
        with connection.cursor() as cursor:
            cursor.execute(_QUEUED, [more, job.pk])
            cursor.execute("ANALYZE core_job")
        scans = _scans_of_a_claim(statement, limit)
        assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan", "ModifyTable"}
        assert {"job_queue", "job_last_served"} <= {node.get("Index Name") for node in scans}
        rows = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        assert sum(node.get(read, 0) * node["Actual Loops"] for node in scans for read in rows) < 30


def _scans_of_a_claim(statement, limit):
    """What it does with the jobs' table, by PostgreSQL's plan. Nothing is claimed after all."""
    values = {
        "service": "toy",
        "release": "local",
        "concurrency": limit,
        "slot": "s",
        "lease": timedelta(seconds=60),
    } | NOT_BILLED
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        (plan,) = cursor.fetchone()
        transaction.set_rollback(True)
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return [node for node in _nodes(plan[0]["Plan"]) if node.get("Relation Name") == "core_job"]


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
