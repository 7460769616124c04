"""Requests as people see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from foundry import catalog
from foundry.core import requests
from foundry.core.claim import claim
from foundry.core.lease import hand_back
from foundry.core.models import Attempt, Job

pytestmark = pytest.mark.django_db


def begin():
    """Give the next job an attempt, whether or not it pauses."""
    Job.objects.update(available_at="2020-01-01T00:00Z")
    return claim(service=catalog.get("toy"), release="local", slot="s", lease=timedelta(seconds=60))


def test_a_request_began_with_its_first_attempt_whatever_came_after(make_request, owner):
    request = make_request({"number": 1})
    began_at = timezone.now() - timedelta(minutes=5)
    view = requests.get(team=owner.caller.team, request=request.pk)
    assert (view.state, view.started_at) == ("queued", None)
    begin()
    Attempt.objects.update(started_at=began_at)
    hand_back(slots=["s"])
    assert requests.get(team=owner.caller.team, request=request.pk).state == "running"
    begin()
    assert requests.get(team=owner.caller.team, request=request.pk).started_at == began_at
