"""The commands against the real API on a live server."""

import dataclasses
import io
import json

import pytest
from django.core.management import call_command


@dataclasses.dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(live_server, owner, monkeypatch):
    """Run a command as the owner; what it wrote and how it ended."""
    monkeypatch.setenv("FOUNDRY_URL", live_server.url)
    monkeypatch.setenv("FOUNDRY_TOKEN", owner.secret)

    def run(*arguments):
        out, err, code = io.StringIO(), io.StringIO(), 0
        try:
            call_command(*map(str, arguments), stdout=out, stderr=err)
        except SystemExit as ended:
            code = ended.code
        return Ended(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def items(tmp_path):
    """A .json file with those items."""

    def write(*items):
        path = tmp_path / "items.json"
        path.write_text(json.dumps(items))
        return path

    return write


@pytest.fixture
def nothing_computes(settings):
    """Requests stay queued: workers are notified, and there are none."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"
