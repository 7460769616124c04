"""A server that has no connection left: slots wait, users are told to come again, nobody gets a 500."""

from __future__ import annotations

import threading
import time

import pytest
from django.core.signals import request_finished, request_started
from django.db import OperationalError, connection

from foundry.database import patience


def longest_wait() -> float:
    """The end of the last pause, were each pause taken; they are not taken here."""
    clock = [time.monotonic()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patience.time, "monotonic", lambda: clock[0])
        began = clock[0]
        for pause in patience.pauses():
            clock[0] += pause
    return clock[0] - began


def test_a_slot_is_patient_for_a_minute():
    assert 55 < longest_wait() < 60


def test_a_users_request_is_not():
    request_started.send(sender=None)
    assert 7.5 < longest_wait() < 8
    request_finished.send(sender=None)
    assert longest_wait() > 55


@pytest.fixture
def limited(connect, server, address):
    """The address of a role that may have one connection."""
    url = address("limited", "right", host="127.0.0.1")
    server.sql("ALTER ROLE limited CONNECTION LIMIT 1")
    return url


def test_who_waits_gets_the_connection_that_another_gives_back(connect, limited):
    first = connect(DATABASE_URL=limited)
    timer = threading.Timer(1, first.connection.close)
    timer.start()
    started = time.monotonic()
    connect(DATABASE_URL=limited)
    assert 0.9 < time.monotonic() - started < 10
    timer.join()


def test_patience_ends(connect, limited, monkeypatch):
    monkeypatch.setattr(patience, "_LONG", patience.Patience(0.5, 0.1, 0.1))
    connect(DATABASE_URL=limited)
    with pytest.raises(OperationalError, match="too many connections for role"):
        connect(DATABASE_URL=limited)


def test_what_time_does_not_mend_is_an_error_at_once(connect, address):
    started = time.monotonic()
    with pytest.raises(OperationalError, match='database "foundry_of_another" does not exist'):
        connect(DATABASE_URL=address("limited", "right", host="127.0.0.1").replace("/foundry", "/foundry_of_another"))
    assert time.monotonic() - started < 2


@pytest.fixture
def full(transactional_db):
    """The test database takes the role that is used now for one connection only, and that one is taken."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1 PASSWORD 'crowded'")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO crowded")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO crowded")
    values = connection.settings_dict
    before = {key: values[key] for key in ("USER", "PASSWORD")}
    connection.close()
    values |= {"USER": "crowded", "PASSWORD": "crowded"}
    taken = connection.copy()
    taken.connect()
    yield taken
    taken.close()
    connection.close()
    values |= before
    with connection.cursor() as cursor:
        cursor.execute("DROP OWNED BY crowded")
        cursor.execute("DROP ROLE crowded")


def test_a_request_that_finds_no_connection_is_answered_with_503_and_when_to_come_again(owner, full, monkeypatch):
    monkeypatch.setattr(patience, "_SHORT", patience.Patience(0.3, 0.1, 0.1))
    answer = owner.get("/api/v1/requests")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["detail"] == "The database does not answer; try again soon."
    full.close()
    assert owner.get("/api/v1/requests").status_code == 200


def test_a_request_waits_for_a_connection_that_comes_free(owner, full):
    timer = threading.Timer(0.3, full.connection.close)
    timer.start()
    assert owner.get("/api/v1/requests").status_code == 200
    timer.join()


def test_a_slot_waits_for_a_connection_that_comes_free(make_job, full):
    full.close()
    job = make_job()
    job.refresh_from_db()
    assert job.state == "succeeded"
