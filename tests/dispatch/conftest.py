"""Real worker processes on the test database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from foundry.core import requests
from foundry.core.models import ServiceRequest
from foundry.core.requests import RequestView

ROOT = Path(__file__).resolve().parent.parent.parent


def database_url() -> str:
    """The test database as a process of its own can reach it."""
    values = connection.settings_dict
    user, password = values["USER"], values["PASSWORD"]
    return f"postgresql://{user}:{password}@/{values['NAME']}?host={values['HOST']}&port={values['PORT'] or 5432}"


@pytest.fixture
def start_worker(transactional_db: None, settings) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start `manage.py worker`; those that still run are killed after the test."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
    workers = []
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "FOUNDRY_DISPATCHER": settings.FOUNDRY_DISPATCHER,
    }

    def start(slots: int = 2) -> subprocess.Popen:
        command = [sys.executable, "manage.py", "worker", "--slots", str(slots)]
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, start_new_session=True)
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.communicate()


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Wait until something holds."""

    def wait(holds: Callable[[], object], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.02)

    return wait


@pytest.fixture
def finish(wait_for) -> Callable[[ServiceRequest], RequestView]:
    """Wait until a request has ended."""

    def wait(request: ServiceRequest, seconds: float = 20) -> RequestView:
        def view() -> RequestView:
            found = requests.get(team=request.team, request=request.pk)
            assert found
            return found

        wait_for(lambda: view().state.has_ended, seconds)
        return view()

    return wait
