"""The server ends with its owner and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.localaws import LocalAws
from tests.localaws.client import ROOT

OWNER = """
import json, sys, threading, time
from tests.aws.localaws.conftest import Function, package
from tests.localaws import LocalAws

with LocalAws(environments=2) as aws:
    role = aws.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    source = "import os, time\\ndef handle(event, context):\\n    time.sleep(event)\\n    return os.getpid()"
    aws.client("lambda").create_function(
        FunctionName="f", Runtime="python3.13", Role=role, Handler="handler.handle", Timeout=60,
        Code={"ZipFile": package(source)})
    function = Function(aws, "f")
    threading.Thread(target=lambda: function(60), daemon=True).start()
    while not aws.state()["environments"]:
        time.sleep(0.1)
    function(0)
    print(json.dumps([aws.pid, str(aws.scratch), str(aws.home)]), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def owner() -> Iterator[Owner]:
    """A process that owns a local AWS with an idle and a busy function."""
    command = [sys.executable, "-c", OWNER]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        pid, *directories = json.loads(process.stdout.readline())
        server = psutil.Process(pid)
        yield Owner(process, server, server.children(recursive=True), [Path(name) for name in directories])
        process.kill()


@dataclass
class Owner:
    process: subprocess.Popen[str]
    server: psutil.Process
    functions: list[psutil.Process]
    directories: list[Path]


def wait_until(true: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


@pytest.mark.parametrize("end", ["kill -9", "end"])
def test_nothing_is_left_after_the_owner(owner: Owner, end: str) -> None:
    assert len(owner.functions) == 2
    assert all(directory.exists() for directory in owner.directories)

    if end == "kill -9":
        owner.process.kill()
    owner.process.communicate()

    assert wait_until(lambda: not any(process.is_running() for process in (owner.server, *owner.functions)))
    assert not any(directory.exists() for directory in owner.directories)


def test_functions_end_with_a_server_that_is_killed(owner: Owner) -> None:
    owner.server.kill()

    assert wait_until(lambda: not any(function.is_running() for function in owner.functions))
    owner.process.communicate()
    assert not any(directory.exists() for directory in owner.directories)


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with LocalAws(home=tmp_path, environments=1) as aws:
        aws.front("nothing", stage="x")
        listening = [
            connection
            for process in (psutil.Process(aws.pid), *psutil.Process(aws.pid).children(recursive=True))
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert len(listening) == 2
        assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with LocalAws(home=tmp_path) as aws, pytest.raises(RuntimeError, match="in use"):
        LocalAws(home=tmp_path, port=int(aws.endpoint.rpartition(":")[2])).__enter__()
