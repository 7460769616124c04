"""Work: a slot performs jobs; what breaks a service breaks one item; no connection is held while it computes."""

import threading
import time
from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError, connection, transaction

from foundry import catalog
from foundry.core import finish, requests
from foundry.core.claim import claim
from foundry.core.compute import BrokenServiceError, compute
from foundry.core.models import Job
from foundry.core.sweep import expire_leases
from foundry.core.work import Slot, perform, work
from tests.toys.toy import compute as toy


def slot(service="toy", **arguments):
    return Slot(service=service, release="local", name="s", lease=timedelta(seconds=60), **arguments)


def attempt(service="toy"):
    """Perform the next job, whether or not it pauses."""
    Job.objects.update(available_at="2020-01-01T00:00Z")
    perform(
        catalog.get(service),
        claim(service=catalog.get(service), release="local", slot="s", lease=timedelta(seconds=60)),
    )


def states(request):
    return [row.state for row in requests.all_results(request=request.pk)]


@pytest.mark.django_db
def test_a_slot_works_until_nothing_waits(make_request):
    request = make_request(*({"number": number} for number in range(10)))
    assert work(slot()) == 4
    assert states(request) == ["succeeded"] * 10


@pytest.mark.django_db
def test_a_slot_claims_nothing_when_its_time_is_less_than_the_services_timeout(make_job):
    make_job()
    assert work(slot(ends_at=time.monotonic() + 29)) == 0
    assert work(slot(ends_at=time.monotonic() + 31)) == 1


@pytest.mark.django_db
def test_an_item_that_breaks_the_service_fails_alone(make_request):
    request = make_request({"number": 1}, {"do": "raise"}, {"number": 3})
    attempt()
    assert states(request) == []
    attempt()
    assert states(request) == ["succeeded", "succeeded"]
    attempt()
    assert states(request) == ["succeeded", "failed", "succeeded"]
    job = request.jobs.get()
    assert (job.state, job.attempt, job.failures) == ("succeeded", 3, 2)
    error = list(requests.all_results(request=request.pk))[1].error
    assert "The computation failed: RuntimeError: It was told to raise." in error
    assert "Traceback" not in error


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", [{"found": {1}}, {"letter": "\ud800"}, object()], ids=["set", "surrogate", "any"])
def test_an_item_whose_outcome_cannot_be_written_fails_alone(outcome, make_request, monkeypatch):
    def compute_oddly(items, options):
        return [outcome if item.number == 2 else {"number": item.number} for item in items]

    monkeypatch.setattr("foundry.core.compute.catalog.load", lambda path: compute_oddly)
    request = make_request({"number": 1}, {"number": 2}, {"number": 3})
    for _ in range(3):
        attempt()
    assert states(request) == ["succeeded", "failed", "succeeded"]
    job = request.jobs.get()
    assert (job.state, job.failures, job.items_succeeded, job.items_failed) == ("succeeded", 2, 2, 1)
    assert [one["code"] for one in job.attempts.values_list("error", flat=True) if one] == ["service_error"] * 2


@pytest.mark.django_db
def test_items_that_end_their_process_fail_alone_and_at_once(make_request):
    """As the supervisor tells it: each kill while one item is in hand is that item's."""
    request = make_request({"number": 1}, {"number": 2}, {"number": 3})
    fail_slot("s", ERROR)
    fail_slot("s", ERROR, kill_at=2)
    assert states(request) == ["succeeded", "failed"]
    fail_slot("s", ERROR, kill_at=3)
    assert states(request) == ["succeeded", "failed", "failed"]
    job = request.jobs.get()
    assert (job.state, job.failures, job.culprits, job.items_succeeded, job.items_failed) == ("succeeded", 1, 2, 1, 2)


@pytest.mark.django_db
def test_a_lost_lease_blames_an_item_only_if_all_would_fail(make_request):
    request = make_request({"number": 1}, {"number": 2}, {"number": 3})
    fail_slot("s", ERROR)
    for failures, states_ in ((2, ["succeeded"]), (2, ["succeeded", "failed"])):
        claim_in_hand(2)
        Job.objects.update(lease_until="2020-01-01T00:00Z")
        expire_leases()
        assert states(request) == states_
        assert request.jobs.get().failures == failures
    Job.objects.update(available_at="2020-01-01T00:00Z")
    work(slot())
    assert states(request) == ["succeeded", "failed", "succeeded"]
    assert request.jobs.get().state == "succeeded"


@pytest.mark.django_db
def test_a_service_that_every_item_ends_is_to_blame_itself(make_request, monkeypatch):
    monkeypatch.setattr("foundry.core.finish._CULPRITS", 1)
    request = make_request({"number": 1}, {"number": 2}, {"number": 3})
    for kill_at in (None, 1, 2, 2):
        fail_slot("s", ERROR, kill_at=kill_at)
    assert states(request) == ["failed", "failed", "failed"]
    assert request.jobs.get().state == "failed"


@pytest.mark.django_db
def test_a_slot_that_ended_but_not_while_it_computed_blames_no_item(make_request):
    request = make_request({"number": 1}, {"number": 2}, {"number": 3})
    fail_slot("s", ERROR)
    claim_in_hand(2)
    assert finish.fail_slot("s", error=ERROR, while_it_computed=False) == 1
    assert finish.fail_slot("s", error=ERROR, while_it_computed=False) == 0
    job = request.jobs.get()
    assert (job.state, job.failures, job.culprits, states(request)) == ("queued", 2, 0, ["succeeded"])


@pytest.mark.django_db
def test_an_item_that_takes_for_ever_is_interrupted_and_the_slot_goes_on(make_request, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    request = make_request({"number": 1}, {"seconds": 60}, {"number": 3}, service="toy-hasty")
    assert work(slot("toy-hasty", interrupts=True)) == 1
    assert request.jobs.get().error["code"] == "timeout"
    Job.objects.update(available_at="2020-01-01T00:00Z")
    assert work(slot("toy-hasty", interrupts=True)) == 2
    assert states(request) == ["succeeded", "failed", "succeeded"]
    error = list(requests.all_results(request=request.pk))[1].error
    assert "ended after 1 seconds, the limit of toy-hasty" in error
    job = request.jobs.get()
    assert (job.state, job.failures, job.culprits, job.attempt) == ("succeeded", 1, 1, 3)


@pytest.mark.django_db
def test_an_item_whose_time_others_took_is_not_to_blame(make_request, settings):
    """Together they take longer than the service's timeout, and each of them alone does not."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    request = make_request({"seconds": 0.5}, {"seconds": 0.55}, service="toy-hasty")
    work(slot("toy-hasty", interrupts=True))
    Job.objects.update(available_at="2020-01-01T00:00Z")
    assert work(slot("toy-hasty", interrupts=True)) == 2
    assert states(request) == ["succeeded", "succeeded"]
    job = request.jobs.get()
    assert (job.state, job.failures, job.culprits) == ("succeeded", 1, 0)


@pytest.mark.django_db
def test_items_that_take_long_to_break_the_service_come_to_an_end(make_request, settings, monkeypatch):
    """One attempt has time for one of them."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    now = time.monotonic()

    def break_late(items, options):
        nonlocal now
        now += 26
        raise RuntimeError

    request = make_request({"number": 1}, {"number": 2}, {"number": 3})
    monkeypatch.setattr("foundry.core.compute.catalog.load", lambda path: break_late)
    monkeypatch.setattr("foundry.core.work.time.monotonic", lambda: now)
    for failures, failed in ((1, 0), (2, 0), (2, 1), (2, 2), (2, 3)):
        attempt()
        assert (request.jobs.get().failures, states(request)) == (failures, ["failed"] * failed)
    assert request.jobs.get().state == "succeeded"


ERROR = finish.AttemptError(code="slot_died", message="It was killed.")


class Killed(BaseException):
    """What ends a slot's process ends perform()."""


def claim_in_hand(kill_at):
    """Claim the next job and compute it until the item that kills."""
    Job.objects.update(available_at="2020-01-01T00:00Z")
    service = catalog.get("toy")
    claimed = claim(service=service, release="local", slot="s", lease=timedelta(seconds=60))

    def compute(items, options):
        if kill_at is None or items[0].number == kill_at:
            raise Killed
        return [{"number": item.number} for item in items]

    with mock.patch("foundry.core.compute.catalog.load", return_value=compute), pytest.raises(Killed):
        perform(service, claimed)


def fail_slot(slot, error, kill_at=None):
    claim_in_hand(kill_at)
    finish.fail_slot(slot, error=error)


@pytest.mark.django_db
def test_saving_is_tried_again_while_the_database_cannot_be_reached(make_request, monkeypatch):
    monkeypatch.setattr("foundry.core.work._PAUSES_S", (0, 0))
    request = make_request({"number": 1})
    save, failures = finish.save, [OperationalError("gone"), OperationalError("gone")]

    def shaky(*arguments, **options):
        if failures:
            raise failures.pop()
        save(*arguments, **options)

    monkeypatch.setattr("foundry.core.finish.save", shaky)
    attempt()
    assert states(request) == ["succeeded"]
    assert request.jobs.get().failures == 0


@pytest.mark.django_db
def test_an_exception_may_quote_anything(make_request, monkeypatch):
    def broken(items, options):
        raise ValueError("\ud800")

    monkeypatch.setattr("foundry.core.compute.catalog.load", lambda path: broken)
    request = make_request({"number": 1})
    attempt()
    assert "ValueError: ?" in request.jobs.get().error["message"]


@pytest.mark.django_db
def test_the_traceback_is_kept_for_operators(make_request):
    request = make_request({"do": "raise"})
    attempt()
    assert "told to raise" in request.jobs.get().attempts.get().error["traceback"]


@pytest.mark.django_db
def test_what_is_saved_is_not_computed_again(make_request, monkeypatch):
    request = make_request({"number": 1}, {"number": 2}, {"do": "raise"}, service="toy-saving")
    attempt("toy-saving")
    assert states(request) == ["succeeded", "succeeded"]
    toy.seen.clear()
    attempt("toy-saving")
    assert [item.do for item in toy.seen] == ["raise"]


@pytest.mark.django_db
def test_a_long_job_hands_itself_back_between_two_savings(make_request, monkeypatch):
    monkeypatch.setattr("foundry.core.work._ENOUGH", 0)
    request = make_request({"number": 1}, {"number": 2}, {"number": 3}, service="toy-saving")
    for saved in (1, 2, 3):
        attempt("toy-saving")
        assert len(states(request)) == saved
    job = request.jobs.get()
    assert (job.state, job.attempt, job.failures) == ("succeeded", 3, 0)


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_while_a_service_computes(make_request, settings, monkeypatch):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    request = make_request({"number": 1})
    held = []

    def look(items, options):
        held.append(connection.connection)
        return [{"number": 1}]

    monkeypatch.setattr("foundry.core.compute.catalog.load", lambda path: look)
    work(slot())
    assert (held, states(request)) == ([None], ["succeeded"])


@pytest.mark.django_db
def test_a_service_that_forgets_items_is_found_out(make_request, monkeypatch):
    service = catalog.get("toy")
    monkeypatch.setattr("foundry.core.compute.catalog.load", lambda path: lambda items, options: [])
    with pytest.raises(BrokenServiceError, match=r"toy 1\.0 returned 0 outcomes for 2 items"):
        compute(service, [service.item(), service.item()], {})


@pytest.mark.django_db(transaction=True)
def test_two_attempts_at_once_write_each_result_once(make_request, settings, monkeypatch):
    """The first attempt computes on after its lease has run out, while a second one does the job."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    request = make_request({"number": 1}, {"number": 2})
    first_computes, second_done = threading.Event(), threading.Event()

    def compute_slowly(items, options):
        if not first_computes.is_set():
            first_computes.set()
            second_done.wait(10)
        return [{"number": item.number} for item in items]

    monkeypatch.setattr("foundry.core.compute.catalog.load", lambda path: compute_slowly)

    def first():
        work(slot())
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    first_computes.wait(10)
    with transaction.atomic():
        Job.objects.update(lease_until="2020-01-01T00:00Z")
    expire_leases()
    attempt()
    second_done.set()
    thread.join()
    assert states(request) == ["succeeded", "succeeded"]
    job = request.jobs.get()
    assert sorted(job.attempts.values_list("number", "state")) == [(1, "failed"), (2, "succeeded")]
