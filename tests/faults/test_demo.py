"""`make run` with real processes: it starts, serves, recovers, and leaves nothing behind, however it ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foundry.client import Foundry, RequestState
from foundry.embedded import private

ROOT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C stops all of it"


class Demo:
    """`manage.py demo` on a home directory of its own."""

    def __init__(self, home):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = home
        self.log = home.with_suffix(".out")
        self.process = None

    def command(self, *arguments, **variables):
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "DJANGO_SETTINGS_MODULE": "foundry.settings",
            "FOUNDRY_DISPATCHER": "foundry.dispatch.worker.WorkerDispatcher",
            "FOUNDRY_SERVICES": "services,tests.toys",
            "FOUNDRY_HOME": str(self.home),
            "PYTHONUNBUFFERED": "1",
            **variables,
        }
        command = [sys.executable, "manage.py", "demo", "--port", str(self.port), *arguments]
        return {"args": command, "cwd": ROOT, "env": environment}

    def run(self, *arguments, **variables):
        return subprocess.run(
            **self.command(*arguments, **variables), capture_output=True, text=True, timeout=60, check=False
        )

    def start(self):
        """Until it serves."""
        with self.log.open("w") as log:
            self.process = subprocess.Popen(**self.command(), stdout=log, stderr=log)
        self.wait_for(lambda: READY in self.output or self.process.poll() is not None)
        assert READY in self.output, self.output

    def end(self, number):
        """Its exit code after that signal."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def wait_for(self, condition, seconds=90.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    @property
    def output(self):
        return self.log.read_text()

    @property
    def foundry(self):
        url, token = re.search(r"Foundry\('(.*)', '(.*)'\)", self.output).groups()
        return Foundry(url, token)

    def nothing_runs(self):
        """All its processes have inherited one of the two locks."""
        for path in (self.home / "demo.lock", self.home / "postgres" / "lock"):
            with private.attempt_lock(path) as lock:
                if lock is None:
                    return False
        return True

    def web_server(self):
        return int(re.findall(r"Listening at: .* \((\d+)\)", (self.home / "web.log").read_text())[-1])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture
def demo(home):
    made = Demo(home)
    yield made
    if made.process and made.process.poll() is None:
        made.end(signal.SIGKILL)
    made.wait_for(made.nothing_runs)


def test_once_computes_the_examples_and_leaves_nothing_running(demo):
    ended = demo.run("--once")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert "\x1b" not in ended.stdout
    for told in ("succeeded: 300 succeeded", "succeeded: 96 succeeded", "partial: 3 succeeded, 6 failed"):
        assert told in ended.stdout
    assert READY not in ended.stdout
    assert demo.nothing_runs()
    assert not (demo.home / "demo.json").exists()


def test_what_it_shows_works_when_pasted(demo):
    demo.start()
    assert (demo.home / "demo.json").stat().st_mode & 0o777 == 0o600
    curl, python, here = re.search(
        r"With curl\n(.*?)\n\nWith Python\n(.*?)\n\nFrom here\n(.*?)\n\n", demo.output, re.DOTALL
    ).groups()
    assert paste(demo, python) == "[0.506329]\n"
    assert "succeeded: 1 succeeded" in paste(demo, here)
    if shutil.which("curl"):
        assert '"service": "compute-dna"' in paste(demo, curl)
    assert demo.end(signal.SIGTERM) == 0
    assert demo.nothing_runs()
    assert not (demo.home / "demo.json").exists()


def paste(demo, lines):
    done = subprocess.run(["/bin/sh", "-c", lines], **without_args(demo), capture_output=True, text=True, check=True)
    return done.stdout


def without_args(demo):
    return {name: value for name, value in demo.command().items() if name != "args"}


def test_a_second_one_is_refused_and_disturbs_nothing(demo, tmp_path):
    demo.start()
    again = demo.run()
    assert (again.returncode, again.stderr) == (
        1,
        f"Foundry runs already at http://127.0.0.1:{demo.port}, on the data in {demo.home}. "
        "Stop it first with Ctrl-C there.\n",
    )
    elsewhere = demo.run(FOUNDRY_HOME=str(tmp_path / "elsewhere"))
    assert elsewhere.returncode == 1
    assert elsewhere.stdout == ""
    assert f"Port {demo.port} is in use by another program." in elsewhere.stderr
    assert f"PORT={demo.port + 1} make run" in elsewhere.stderr
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["demo.lock"]
    assert demo.foundry.services()
    assert demo.end(signal.SIGINT) == 0


def test_killed_it_leaves_nothing_running_and_the_next_one_finishes_its_requests(demo):
    demo.start()
    request = demo.foundry.submit("toy", [{"number": number, "seconds": 0.3} for number in range(30)])
    demo.wait_for(lambda: demo.foundry.request(request).items.done)
    demo.end(signal.SIGKILL)
    began = time.monotonic()
    demo.start()
    assert time.monotonic() - began < 20  # of which it waits 10 for what was before; a lost lease takes 20
    assert re.search(r"First finishing \d+ items of an earlier run", demo.output)
    ended = demo.foundry.wait(request, timeout=40)
    assert ended.state is RequestState.SUCCEEDED
    results = [result.values["number"] for result in demo.foundry.results(ended)]
    assert results == list(range(30))
    assert demo.end(signal.SIGINT) == 0


def test_when_the_web_server_dies_it_says_so_and_stops_all(demo):
    demo.start()
    os.kill(demo.web_server(), signal.SIGKILL)
    assert demo.process.wait(timeout=20) == 1
    assert "The web server has ended unexpectedly." in demo.output
    demo.wait_for(demo.nothing_runs)
