"""`make aws-local`: what a person sees and can do."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import psutil
import pytest
import requests

from tests.aws.localaws.conftest import package
from tests.localaws.client import ROOT

#: Answers whether the database's socket takes a connection, through the front.
SOURCE = """
import json, os, socket
def handle(event, context):
    directory = os.environ["DATABASE_URL"].partition("host=")[2].partition("&")[0]
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{directory}/.s.PGSQL.5432")
    return {"statusCode": 200, "body": event["requestContext"]["stage"]}
"""


class Practice:
    """The command, and what it printed so far."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "tests.localaws.practice", "--port", str(port), "--home", str(home)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._lines: list[str] = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def see(self, pattern: str) -> re.Match[str]:
        """Waits for a line like this."""
        with self._told:
            assert self._told.wait_for(lambda: self._find(pattern), timeout=60), self._lines
            found = self._find(pattern)
        assert found
        return found

    def stop(self) -> list[psutil.Process]:
        """As Ctrl-C does. The processes it had."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()
        return started

    def _find(self, pattern: str) -> re.Match[str] | None:
        return next((found for line in self._lines if (found := re.search(pattern, line))), None)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._told:
                self._lines.append(line)
                self._told.notify_all()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    command = Practice(tmp_path / "practice")
    yield command
    if command.process.poll() is None:
        command.stop()


def test_a_person_deploys_uses_watches_and_stops(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {}
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
        "DATABASE_URL",
    ):
        (value,) = shlex.split(practice.see(rf"^export {name}=(.*)$")[1])
        variables[name] = value
        monkeypatch.setenv(name, value)

    role = boto3.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client = boto3.client("lambda")
    client.create_function(
        FunctionName="lab-review",
        Runtime="python3.13",
        Role=role,
        Handler="handler.handle",
        Code={"ZipFile": package(SOURCE)},
        Environment={"Variables": {"DATABASE_URL": variables["DATABASE_URL"]}},
    )
    practice.see(r"^\d\d:\d\d:\d\d  lab-review:\$LATEST  created \(\d")
    url = practice.see(r"lab-review as at its own domain: (\S+)")[1]
    answer = requests.get(url, timeout=30)
    assert (answer.status_code, answer.text) == (200, "review")
    practice.see(r"lab-review:\$LATEST  http \d+ ms \(cold start \d+ ms\)$")
    client.invoke(FunctionName="lab-review")
    practice.see(r"lab-review:\$LATEST  sync \d+ ms  KeyError$")
    client.delete_function(FunctionName="lab-review")
    practice.see(r"lab-review:\$LATEST  deleted$")

    started = practice.stop()

    assert practice.process.returncode == 0
    assert len(started) >= 3
    assert psutil.wait_procs(started, timeout=10)[1] == []
