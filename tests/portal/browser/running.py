"""The platform as `make run` starts it, in a home of its own: database, web server, worker, and people who sign in."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundry.client import Foundry

ROOT = Path(__file__).resolve().parents[3]
_READY = "Ctrl-C stops all of it"
_PATIENCE_S = 90.0
PASSWORD = "correct horse battery staple"
#: Members of the demo's team, of whom the second operates the platform; and somebody of another team.
ENGINEER, OPERATOR, STRANGER = "ada", "grace", "mallory"
#: An operator with a name as long as names may be, of a team with such a name.
WORDY, WORDY_TEAM = "w" * 150, "T" * 100

_PEOPLE = f"""
from foundry.accounts import teams
from foundry.accounts.models import Team, User
people = (("{ENGINEER}", "demo", 0), ("{OPERATOR}", "demo", 1), ("{STRANGER}", "strangers", 0))
for name, team, staff in (*people, ("{WORDY}", "{WORDY_TEAM}", 1)):
    made, _ = User.objects.get_or_create(username=name, is_staff=staff, email=name[:9] + "@foundry.example")
    made.set_password("{PASSWORD}")
    made.save()
    teams.join(team=Team.objects.get_or_create(name=team)[0], user=made)
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Platform:
    """Where it runs."""

    url: str
    foundry: Foundry


@contextmanager
def platform(home: Path, *, services: str = "services,tests.toys") -> Iterator[Platform]:
    """Runs it until the end of the block; the examples are computed before that begins."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "DJANGO_SETTINGS_MODULE": "foundry.settings",
        "FOUNDRY_DISPATCHER": "foundry.dispatch.worker.WorkerDispatcher",
        "FOUNDRY_SERVICES": services,
        "FOUNDRY_HOME": str(home),
        "FOUNDRY_PUBLIC_URL": url,
        # The tests' receiver of webhooks is on this machine.
        "FOUNDRY_WEBHOOK_TRUSTED": "127.0.0.0/8",
        "PYTHONUNBUFFERED": "1",
    }
    manage = [sys.executable, "manage.py"]
    log = home.with_suffix(".out")
    with log.open("w") as out:
        process = subprocess.Popen(
            [*manage, "demo", "--port", str(port)], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        _wait_until_ready(process, log)
        subprocess.run([*manage, "shell", "-c", _PEOPLE], cwd=ROOT, env=environment, check=True, capture_output=True)
        demo = json.loads((home / "demo.json").read_text())
        yield Platform(url, Foundry(demo["url"], demo["token"]))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while _READY not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
