"""Execution environments: made, reused, bounded, ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from tests.aws.localaws.conftest import Function, package
from tests.localaws import LocalAws

Deploy = Callable[..., Function]

PID = "import os\ndef handle(event, context): return os.getpid()"
SLEEP = "import os, time\ndef handle(event, context):\n    time.sleep(event)\n    return os.getpid()"


def at_once(function: Function, events: list[Any]) -> list[Any]:
    """The payloads, or the reason why an invocation was throttled."""
    client = function.aws.client("lambda", config=Config(retries={"max_attempts": 0}, max_pool_connections=50))
    own = Function(function.aws, function.name)
    own.client = client

    def call(event: Any) -> Any:
        try:
            return own(event)
        except ClientError as error:
            return error.response.get("Reason") or error.response["Error"]["Code"]

    with ThreadPoolExecutor(len(events)) as threads:
        return list(threads.map(call, events))


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def wait_until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def test_the_first_invocation_is_cold_and_the_next_are_warm(deploy: Deploy) -> None:
    function = deploy(PID)

    assert len({function() for _ in range(3)}) == 1
    entries = function.journal()
    assert [entry["cold"] for entry in entries] == [True, False, False]
    assert entries[0]["init_ms"] > 0
    assert [entry["init_ms"] for entry in entries[1:]] == [None, None]
    assert entries[0]["billed_ms"] >= entries[0]["init_ms"]


def test_an_environment_takes_one_event_at_a_time(deploy: Deploy) -> None:
    function = deploy(SLEEP)

    assert len(set(at_once(function, [0.5] * 3))) == 3


def test_who_finds_no_room_waits_and_is_then_throttled(deploy: Deploy) -> None:
    function = deploy(SLEEP)

    answers = at_once(function, [0.4] * 8)
    assert len(answers) == 8
    assert all(isinstance(answer, int) for answer in answers)
    assert len(set(answers)) == 4

    answers = at_once(function, [2.5] * 6)
    assert sum(isinstance(answer, int) for answer in answers) == 4
    assert answers.count("TooManyRequestsException") + answers.count("ConcurrentInvocationLimitExceeded") == 2


def test_an_idle_environment_gives_way_to_another_function(aws: LocalAws, deploy: Deploy) -> None:
    first = [deploy(PID) for _ in range(4)]
    pids = [function() for function in first]
    deploy(PID)()

    assert sum(aws.state()["environments"].values()) == 4
    assert wait_until(lambda: not alive(pids[0]))
    assert all(alive(pid) for pid in pids[1:])


def test_reserved_concurrency_is_a_limit(deploy: Deploy) -> None:
    function = deploy(SLEEP)
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=2)

    answers = at_once(function, [0.7] * 3)

    assert sum(isinstance(answer, int) for answer in answers) == 2
    assert [answer for answer in answers if not isinstance(answer, int)] == [
        "ReservedFunctionConcurrentInvocationLimitExceeded"
    ]
    function.client.delete_function_concurrency(FunctionName=function.name)
    assert all(isinstance(answer, int) for answer in at_once(function, [0.3] * 3))


def test_what_is_reserved_for_one_function_is_not_taken_by_others(aws: LocalAws, deploy: Deploy) -> None:
    """Of four environments three are reserved: a flood of another function gets one."""
    function, flood = deploy(SLEEP), deploy(SLEEP)
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=3)
    for _ in range(10):
        flood.send(0.2)
    time.sleep(0.5)

    assert all(isinstance(answer, int) for answer in at_once(function, [0.3] * 3))
    aws.settle()
    assert len({entry["environment"] for entry in flood.journal()}) == 1


def test_environments_of_a_deleted_function_end_at_once(deploy: Deploy) -> None:
    function = deploy(PID)
    pid = function()

    function.client.delete_function(FunctionName=function.name)

    assert wait_until(lambda: not alive(pid))


def test_environments_of_a_deleted_version_end_at_once(deploy: Deploy) -> None:
    function = deploy(PID)
    number = function.client.publish_version(FunctionName=function.name)["Version"]
    pid, latest = function(Qualifier=number), function()

    function.client.delete_function(FunctionName=function.name, Qualifier=number)

    assert wait_until(lambda: not alive(pid))
    assert alive(latest)


def test_an_update_ends_idle_environments_of_latest_and_leaves_versions(deploy: Deploy) -> None:
    function = deploy(PID)
    number = function.client.publish_version(FunctionName=function.name)["Version"]
    version, latest = function(Qualifier=number), function()

    function.client.update_function_configuration(FunctionName=function.name, Timeout=9)
    assert wait_until(lambda: not alive(latest))
    latest = function()
    function.client.update_function_code(FunctionName=function.name, ZipFile=package("def handle(e, c): return 'new'"))

    assert wait_until(lambda: not alive(latest))
    assert function() == "new"
    assert function(Qualifier=number) == version


def test_what_runs_is_not_terminated_by_an_update_or_a_deletion(deploy: Deploy) -> None:
    for change in ("update", "delete"):
        function = deploy(SLEEP)
        answers: list[Any] = []
        running = threading.Thread(target=lambda f=function, a=answers: a.append(f(1)))
        running.start()
        assert wait_until(lambda f=function: f"{f.name}:$LATEST" in f.aws.state()["environments"])
        time.sleep(0.3)
        if change == "update":
            source = package("def handle(e, c): return 'new'")
            function.client.update_function_code(FunctionName=function.name, ZipFile=source)
        else:
            function.client.delete_function(FunctionName=function.name)
        running.join()

        assert isinstance(answers[0], int)
        assert wait_until(lambda pid=answers[0]: not alive(pid))


def test_what_a_function_leaves_running_ends_with_its_environment(deploy: Deploy) -> None:
    function = deploy("import subprocess\ndef handle(event, context): return subprocess.Popen(['sleep', '60']).pid")
    pid = function()
    assert alive(pid)

    function.client.delete_function(FunctionName=function.name)

    assert wait_until(lambda: not alive(pid))


def test_idle_environments_end_after_a_while(tmp_path: Path) -> None:
    with LocalAws(home=tmp_path, environments=1, idle_seconds=0.5) as aws:
        role = aws.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        aws.client("lambda").create_function(
            FunctionName="idle",
            Runtime="python3.13",
            Role=role,
            Handler="handler.handle",
            Code={"ZipFile": package(PID)},
        )
        pid = Function(aws, "idle")()
        assert alive(pid)

        assert wait_until(lambda: not alive(pid))
        assert aws.state()["environments"] == {}
