"""Accepting a request: one transaction, bad items refused alone, equal items computed once, one request a key."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundry import catalog
from foundry.contract import Slicing
from foundry.core import releases, requests
from foundry.core.drafts import CheckedItem, Draft
from foundry.core.errors import IdempotencyConflictError, InvalidRequestError, NotReleasedError
from foundry.core.models import Item, Job, Result, ServiceRequest
from foundry.core.slice import slice_into_jobs
from foundry.core.submit import Submission, submit
from tests.toys.toy import compute as toy


@pytest.mark.django_db
def test_a_request_becomes_jobs_as_its_service_slices(make_request):
    request = make_request(*({"number": number} for number in range(7)))
    assert sorted(job.items for job in request.jobs.all()) == [1, 3, 3]
    assert Item.objects.filter(request=request).count() == 7


@pytest.mark.django_db
def test_equal_items_share_a_job_and_are_computed_once(make_request, django_capture_on_commit_callbacks):
    toy.seen.clear()
    with django_capture_on_commit_callbacks(execute=True):
        request = make_request(*({"number": number % 2, "name": f"n{number}"} for number in range(20)))
    assert request.jobs.get().items == 20
    assert [item.number for item in toy.seen] == [0, 1]
    rows = list(requests.all_results(request=request.pk))
    assert [row.values for row in rows] == ['{"number":0}', '{"number":1}'] * 10
    assert rows[19].name == "n19"


@pytest.mark.django_db
def test_bad_items_are_refused_and_the_good_ones_computed(make_request, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        request = make_request({"number": 1}, {"number": -1}, {"nmber": 1}, {"number": 2})
    rows = list(requests.all_results(request=request.pk))
    assert [row.state for row in rows] == ["succeeded", "failed", "failed", "succeeded"]
    assert "number: it must be at least 0" in rows[1].error
    assert "nmber: there is no such field" in rows[2].error
    assert request.invalid_count == 2


@pytest.mark.django_db
def test_a_draft_that_could_not_be_read_keeps_its_error(owner):
    from foundry.contract import ItemError

    bad = Draft(error=ItemError(code="unreadable", message="a.gb, line 3: it is torn"), source={"file": "a.gb"})
    submission = Submission(service="toy", items=[bad, Draft(values={"number": 1})])
    request = submit(caller=owner.caller, submission=submission).request
    row = next(requests.all_results(request=request.pk))
    assert ("it is torn" in row.error, row.source) == (True, '{"file":"a.gb"}')


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("submission", "message"),
    [
        (Submission(service="toy", items=[]), "no items"),
        (Submission(service="toy", items=[Draft()] * 10_001), "10,001 items; toy takes at most 10,000"),
        (Submission(service="toy", items=[Draft(values={"number": "x"})]), "The item cannot be computed by toy"),
        (Submission(service="toy", items=[Draft()], options={"factr": 1}), "options do not fit"),
    ],
)
def test_nothing_is_kept_of_a_request_of_which_nothing_can_be_computed(owner, submission, message):
    with pytest.raises(InvalidRequestError, match=message):
        submit(caller=owner.caller, submission=submission)
    assert not ServiceRequest.objects.exists()


@pytest.mark.django_db
def test_an_unknown_service_is_answered_with_those_there_are(owner):
    with pytest.raises(catalog.UnknownServiceError, match=r"no service 'tyo'; there are: .*toy"):
        submit(caller=owner.caller, submission=Submission(service="tyo", items=[Draft()]))


@pytest.mark.django_db
def test_a_service_that_is_computed_elsewhere_takes_nothing_before_its_first_release(owner, make_job, settings):
    settings.FOUNDRY_COMPUTED_ELSEWHERE = ["toy"]
    with pytest.raises(NotReleasedError, match="toy is not released yet"):
        make_job()
    assert not ServiceRequest.objects.exists()
    answer = owner.post(
        "/api/v1/requests", {"service": "toy", "items": [{"number": 1}]}, content_type="application/json"
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert "toy is not released yet" in answer.json()["detail"]
    assert make_job(service="toy-saving").release == "local"
    releases.record(service="toy", name="toy-function:1", by="ci", share=0.1)
    assert make_job().release == "toy-function:1"


@pytest.mark.django_db
def test_the_prototype_says_so_too(owner, settings):
    settings.FOUNDRY_COMPUTED_ELSEWHERE = ["compute-dna"]
    answer = owner.post("/compute-dna/", {"dna_sequence": "ATCGGCTA"}, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert "compute-dna is not released yet" in answer.json()["detail"]


@pytest.mark.django_db
def test_defaults_fill_what_an_item_does_not_give(make_request):
    request = make_request({"number": 1}, {}, defaults={"number": 7})
    assert [item.input["number"] for item in request.items.order_by("position")] == [1, 7]


@pytest.mark.django_db
def test_the_number_of_queries_does_not_depend_on_the_number_of_items(make_request):
    def queries(count):
        with CaptureQueriesContext(connection) as captured:
            make_request(*({"number": number} for number in range(count)))
        return len(captured)

    make_request({"number": 1})
    assert queries(1) == queries(1_500) <= 8


@pytest.mark.django_db
def test_the_same_submission_under_the_same_key_is_accepted_once(owner):
    submission = Submission(service="toy", items=[Draft(values={"number": 1})], idempotency_key="k")
    first = submit(caller=owner.caller, submission=submission)
    second = submit(caller=owner.caller, submission=submission)
    assert (first.request.pk, first.replayed, second.replayed) == (second.request.pk, False, True)
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_another_submission_under_the_same_key_is_refused(make_request):
    make_request({"number": 1}, idempotency_key="k")
    with pytest.raises(IdempotencyConflictError, match="'k' was used for a different request"):
        make_request({"number": 2}, idempotency_key="k")


@pytest.mark.django_db
def test_keys_of_different_teams_are_different_keys(make_request, stranger):
    ours = make_request({"number": 1}, idempotency_key="k")
    theirs = make_request({"number": 2}, idempotency_key="k", caller=stranger.caller)
    assert ours.pk != theirs.pk


@pytest.mark.django_db(transaction=True)
def test_a_submission_that_comes_many_times_at_once_is_accepted_once(owner, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    submission = Submission(service="toy", items=[Draft(values={"number": 1})], idempotency_key="k")
    start = threading.Barrier(4)

    def one(_):
        start.wait()
        try:
            return submit(caller=owner.caller, submission=submission).request.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(one, range(4)))) == 1
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_request_is_kept_if_accepting_it_fails_midway(make_request, monkeypatch):
    def torn(model, columns, rows):
        if model is Result:
            raise RuntimeError("the line was cut")

    monkeypatch.setattr("foundry.core.submit.copy_into", torn)
    with pytest.raises(RuntimeError):
        make_request({"number": 1})
    assert not ServiceRequest.objects.exists()
    assert not Job.objects.exists()


def checked(position, digest, weight=1):
    return CheckedItem(position=position, name="", input="{}", digest=digest, weight=weight, source=None, error=None)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1, 1, 1, 1, 1], [3, 2]),
        ([9, 1, 1], [2, 1]),
        ([99, 1], [1, 1]),
        ([1, 99, 1], [1, 1, 1]),
        ([5, 5, 5], [2, 1]),
    ],
)
def test_slicing_bounds_the_items_and_the_weight_of_a_job(weights, expected):
    items = [checked(n, bytes([n]), weight) for n, weight in enumerate(weights, 1)]
    assert [len(job) for job in slice_into_jobs(items, Slicing(items=3, weight=10))] == expected


def test_slicing_counts_equal_items_once():
    items = [checked(n, b"same", weight=4) for n in range(50)]
    assert [len(job) for job in slice_into_jobs(items, Slicing(items=3, weight=10))] == [50]


@pytest.mark.django_db
def test_only_what_was_asked_is_kept_of_the_options_so_that_an_older_release_understands_them(make_request):
    assert make_request({"number": 1}).options == {}
    assert make_request({"number": 1}, options={"factor": 2}).options == {"factor": 2}
