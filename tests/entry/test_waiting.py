"""The lines of the log that alarms are made of, as CloudWatch's filters in infra/schedule.yaml read them."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from foundry.aws import dispatcher
from foundry.core.models import Job
from foundry.settings import LOGGING
from infra.stacks import TEMPLATES
from tests.infra.templates import load

pytestmark = pytest.mark.django_db(transaction=True)

SWEEP = {"source": "aws.events", "detail-type": "Scheduled Event"}


def pattern(name: str) -> str:
    found: str = load(TEMPLATES / "schedule.yaml")["Resources"][name]["Properties"]["FilterPattern"]
    return found


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """As the platform's formatter writes them."""
    form = LOGGING["formatters"]["plain"]
    return [logging.Formatter(form["format"], style=form["style"]).format(record) for record in caplog.records]


def waited(caplog: pytest.LogCaptureFixture) -> list[int]:
    """The values of the metric."""
    conditions = [part.split(" = ") for part in pattern("Waiting").strip("[]").split(", ")]
    values = []
    for line in lines(caplog):
        words = line.split()
        fits = len(words) == len(conditions) and all(
            word == given.strip('"') for word, (_, *rest) in zip(words, conditions, strict=True) for given in rest
        )
        if fits:
            values.append(int(words[-1]))
    return values


@pytest.fixture
def sweep(invoke, caplog, settings):
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"  # no worker runs
    caplog.set_level("INFO", "foundry")
    return lambda: invoke(SWEEP)


def test_a_sweep_tells_how_long_the_oldest_job_has_waited(sweep, make_job, caplog):
    sweep()
    assert waited(caplog) == [0]
    make_job()
    Job.objects.update(available_at=Now() - timedelta(hours=1))
    make_job()
    caplog.clear()
    sweep()
    [seconds] = waited(caplog)
    assert 3600 <= seconds < 3660


def test_what_is_to_be_tried_later_and_what_nobody_can_compute_does_not_wait(sweep, make_job, caplog):
    make_job()
    Job.objects.update(available_at=Now() + timedelta(hours=1))
    make_job()
    Job.objects.filter(available_at__lt=Now()).update(service="gone", available_at=Now() - timedelta(days=1))
    sweep()
    assert waited(caplog) == [0]


def test_a_refused_invocation_is_counted(caplog, monkeypatch):
    def refuse(**_: object) -> None:
        raise OSError("throttled")

    monkeypatch.setattr(dispatcher, "_task", lambda release: refuse)
    dispatcher.LambdaDispatcher().dispatch(service="toy", release="toy:1", slots=1)
    [line] = lines(caplog)
    phrases = re.findall(r'"([^"]+)"', pattern("Refused"))
    assert phrases
    assert all(phrase in line for phrase in phrases)
