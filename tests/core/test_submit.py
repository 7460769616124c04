"""Accepting a request: one transaction, bad items alone refused, the same key twice accepted once."""

import pytest
from django.db import connection

from foundry.core import requests
from foundry.core.drafts import Draft
from foundry.core.errors import IdempotencyConflictError, InvalidRequestError
from foundry.core.models import Item, Job, Result, ServiceRequest
from foundry.core.submit import Submission, submit

pytestmark = pytest.mark.django_db


def test_a_request_becomes_jobs_of_its_services_slicing(make_request):
    request = make_request(*({"number": number} for number in range(7)))
    assert sorted(job.items for job in request.jobs.all()) == [1, 3, 3]
    assert Item.objects.filter(request=request).count() == 7


def test_equal_items_share_a_job_and_are_computed_once(make_request, django_capture_on_commit_callbacks):
    from tests.toys.toy import compute

    compute.seen.clear()
    with django_capture_on_commit_callbacks(execute=True):
        request = make_request(*({"number": number % 2, "name": f"n{number}"} for number in range(20)))
    assert request.jobs.get().items == 20
    assert len(compute.seen) == 2
    numbers = [row.values for row in requests.all_results(request=request.pk)]
    assert numbers == ['{"number":0}', '{"number":1}'] * 10
