"""Everything but the worker's listening works through a pooler in transaction mode, and leaves nothing behind in it."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from foundry import catalog
from foundry.core.cancel import cancel
from foundry.core.claim import claim
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import Attempt, Job, Result
from foundry.core.sweep import sweep
from foundry.core.work import Slot, work

from .conftest import value

REQUESTS = "/api/v1/requests"

#: Whose connections the server has, beside the one that asks.
SERVED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
#: What a session can leave in a connection that the next to use it would trip over.
LEFT_BEHIND = """
SELECT pg_backend_pid(),
       (SELECT count(*) FROM pg_prepared_statements) + (SELECT count(*) FROM pg_cursors WHERE is_holdable)
       + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
       + (SELECT count(*) FROM pg_listening_channels()) + (SELECT count(*) FROM pg_class WHERE relpersistence = 't'),
       (SELECT array_agg(name::text) FROM pg_settings WHERE source = 'session'
        AND name NOT IN ('client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'application_name'))
"""


@pytest.fixture(autouse=True)
def queue_only(settings):
    """Jobs wait for the slots of the test."""
    settings.FOUNDRY_DISPATCHER = "tests.database.test_pooler.Nobody"


class Nobody:
    def dispatch(self, **asked: object) -> None:
        """The sweep will find it."""


def in_threads(*functions):
    """All at once, each in a thread with a connection of its own; their results."""

    def run(function):
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


def slot(name):
    return work(Slot(service="toy", release="local", name=name, lease=timedelta(seconds=30)))


def submit(owner, *items):
    answer = owner.post(REQUESTS, {"service": "toy", "items": list(items)}, content_type="application/json")
    assert answer.status_code == 202, answer.content
    return f"{REQUESTS}/{answer.json()['id']}"


def test_a_request_goes_through(through_pgbouncer, owner):
    request = submit(owner, *({"number": number} for number in range(20)), {"do": "err"})
    assert slot("one") == 7
    assert owner.get(request).json()["state"] == "partial"
    results = owner.get(f"{request}/results", {"format": "ndjson"})
    assert results.status_code == 200
    assert Result.objects.count() == 21
    assert owner.post(f"{request}/retry").status_code == 202
    assert slot("two") == 1
    assert owner.get(request).json()["items"] == {
        "total": 21,
        "succeeded": 20,
        "failed": 1,
        "waiting": 0,
    }


def test_twenty_slots_share_five_connections(through_pgbouncer, owner):
    requests = [submit(owner, *({"number": number, "seconds": 0.01} for number in range(30))) for _ in range(3)]
    most = []

    def watch():
        end = time.monotonic() + 2
        while time.monotonic() < end:
            most.append(value(through_pgbouncer, SERVED))
            time.sleep(0.02)

    def users():
        for _ in range(10):
            for request in requests:
                assert owner.get(request).status_code == 200
                assert owner.get(f"{request}/results").status_code == 200

    in_threads(watch, users, users, *(lambda name=name: slot(f"slot {name}") for name in range(17)))
    while Job.objects.filter(state="queued").exists():
        slot("the last")
    assert [owner.get(request).json()["state"] for request in requests] == ["succeeded"] * 3
    assert Counter(Result.objects.values_list("state", flat=True)) == {"succeeded": 90}
    assert 1 < max(most) <= 5


def test_cancel_sweep_and_lost_leases(through_pgbouncer, owner, make_request):
    lost, unwanted = make_request({"number": 1}), make_request({"number": 2}, {"number": 3})
    service = catalog.get("toy")
    claimed = claim(service=service, release="local", slot="dies", lease=timedelta(0))
    assert claimed.request == lost.pk
    time.sleep(0.01)
    assert cancel(request=unwanted.pk) == 1
    with pytest.raises(NotAllowedNowError):
        cancel(request=unwanted.pk)
    assert sweep().expired == 1
    Job.objects.filter(request=lost).update(available_at=F("created_at"))
    assert slot("lives") == 1
    assert list(Attempt.objects.values_list("number", "state")) == [(1, "failed"), (2, "succeeded")]


def test_nothing_is_left_in_the_connections(through_pgbouncer, owner, make_request):
    def everything():
        request = make_request(*({"number": number} for number in range(6)), {"do": "err"})
        slot("any")
        shown = f"{REQUESTS}/{request.pk}"
        owner.get(shown)
        owner.get(f"{shown}/results", {"format": "csv"}).getvalue()
        owner.post(f"{shown}/retry")
        sweep()

    def look():
        with connection.cursor() as cursor:
            cursor.execute(LEFT_BEHIND)
            row = cursor.fetchone()
            time.sleep(0.01)
        return row

    in_threads(*[everything] * 8)
    found = in_threads(*[look] * 20)
    assert {(left, settings) for _, left, settings in found} == {(0, None)}


def test_what_django_sets_up_for_a_connection_holds_on_whichever_it_gets(through_pgbouncer):
    """The server's own time zone is another, so Django sets it; PgBouncer carries it along from query to query."""
    name = through_pgbouncer.settings_dict["NAME"]
    with through_pgbouncer.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE \"{name}\" SET timezone TO 'Asia/Tokyo'")
    try:
        told = in_threads(*[told_settings] * 20)
        assert {row[1:] for rows in told for row in rows} == {("UTC", "UTF8", "ISO, MDY")}
        assert 1 < len({row[0] for rows in told for row in rows}) <= 5
    finally:
        with through_pgbouncer.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" RESET timezone')


def told_settings():
    rows = []
    for _ in range(10):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_backend_pid(), current_setting('TimeZone'), current_setting('client_encoding'), "
                "current_setting('DateStyle')"
            )
            rows.append(cursor.fetchone())
        time.sleep(0.005)
    return rows


def test_no_connection_is_held_while_a_service_computes(transactional_db, make_request):
    make_request({"number": 1, "seconds": 1.0})
    watcher = connection.copy()
    connection.close()
    seen = []

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(in_threads, lambda: slot("one"))
        while not working.done():
            running = value(watcher, "SELECT count(*) FROM core_attempt WHERE state = 'running'")
            seen.append((running, value(watcher, SERVED)))
            time.sleep(0.02)
    watcher.close()
    while_running = [count for running, count in seen if running]
    assert len(while_running) > 20
    assert while_running.count(0) > 0.9 * len(while_running)
    assert Job.objects.get().state == "succeeded"
