"""Synchronous invocations: what the function sees, what the caller gets."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.aws.localaws.conftest import Function, package
from tests.localaws import ACCOUNT, LocalAws

Deploy = Callable[..., Function]

ECHO = "def handle(event, context): return event"
PID = "import os\ndef handle(event, context): return os.getpid()"


def refused(call: Callable[[], Any]) -> dict[str, Any]:
    """The error answer of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    response: dict[str, Any] = caught.value.response
    return response


def test_the_function_answers(deploy: Deploy) -> None:
    answer = deploy(ECHO).invoke({"a": [1, "ü"]})

    assert answer["StatusCode"] == 200
    assert answer["Payload"] == {"a": [1, "ü"]}
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer


def test_the_context_tells_who_was_invoked_and_how_long_it_may_take(deploy: Deploy) -> None:
    function = deploy(
        """
        def handle(event, context):
            return [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb,
                    context.aws_request_id, context.get_remaining_time_in_millis()]
        """,
        Timeout=7,
    )
    answer = function.invoke()
    name, arn, memory, request_id, left = answer["Payload"]

    assert name == function.name
    assert arn == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function.name}"
    assert memory == "256"
    assert request_id == answer["ResponseMetadata"]["RequestId"]
    assert 6000 < left <= 7000


def test_the_environment_is_awss_and_the_functions_own(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"COLOUR": "green", "PATH": "/mine"}
    function = deploy(
        "import os\ndef handle(event, context): return dict(os.environ)", Environment={"Variables": variables}
    )
    seen = function()

    assert seen["COLOUR"] == "green"
    assert seen["PATH"] == "/mine"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == function.name
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["_HANDLER"] == "handler.handle"
    assert seen["AWS_ENDPOINT_URL"] == function.aws.endpoint
    ours = {"AWS_ENDPOINT_URL", "PATH", "LANG", "TZ", "LC_CTYPE", "PYTHONPATH", "TMPDIR", "COLOUR"}
    documented = ("AWS_", "_", "LAMBDA_")
    assert {name for name in seen if not name.startswith(documented)} <= ours


def test_the_function_has_only_its_package_and_what_aws_brings(deploy: Deploy) -> None:
    function = deploy(
        """
        import importlib.util
        def handle(event, context):
            return [importlib.util.find_spec(name) is not None for name in event]
        """
    )

    assert function(["boto3", "json"]) == [True, True]
    assert function(["django", "moto", "pip", "pytest", "foundry"]) == [False] * 5


def test_the_code_cannot_be_written_and_tmpdir_can(deploy: Deploy) -> None:
    function = deploy(
        """
        import os, tempfile
        def handle(event, context):
            with tempfile.TemporaryFile() as file:
                file.write(b"x")
            failed = []
            for path in ("new.txt", "handler.py", "data/deep.txt"):
                try:
                    open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], path), "a")
                except OSError as error:
                    failed.append(type(error).__name__)
            return [failed, os.path.exists("data/deep.txt"), os.getcwd() == os.environ["LAMBDA_TASK_ROOT"]]
        """,
        files={"data/deep.txt": "there"},
    )

    assert function() == [["PermissionError"] * 3, True, True]


def test_environments_do_not_share_a_tmpdir(deploy: Deploy) -> None:
    source = "import os\ndef handle(event, context): return os.environ['TMPDIR'], os.stat(os.environ['TMPDIR']).st_mode"
    (one, mode), (other, _) = deploy(source)(), deploy(source)()

    assert one != other
    assert mode & 0o077 == 0


def test_an_exception_is_told_with_its_trace_and_the_environment_stays(deploy: Deploy) -> None:
    function = deploy(
        """
        import os
        def handle(event, context):
            if event == "fail":
                raise KeyError("colour")
            return os.getpid()
        """
    )
    pid = function()
    answer = function.invoke("fail")

    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "KeyError"
    assert answer["Payload"]["errorMessage"] == "'colour'"
    assert 'raise KeyError("colour")' in answer["Payload"]["stackTrace"][0]
    assert function() == pid


def test_a_handler_that_cannot_be_imported_is_an_error_of_the_runtime(deploy: Deploy) -> None:
    answer = deploy("import nothing_of_that_name").invoke()

    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
    assert "nothing_of_that_name" in answer["Payload"]["errorMessage"]


@pytest.mark.parametrize(
    ("end", "how"),
    [
        ("os._exit(3)", "exited with error: exit status 3"),
        ("os._exit(0)", "exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends_is_an_exit_error_and_is_replaced(deploy: Deploy, end: str, how: str) -> None:
    function = deploy(f"import os\ndef handle(event, context):\n    if event: {end}\n    return os.getpid()")
    pid = function()
    answer = function.invoke("end")

    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["Payload"]["errorMessage"] == f"RequestId: {request_id} Error: Runtime {how}"
    assert function() != pid


def test_a_function_over_its_timeout_is_killed_with_what_it_started(deploy: Deploy) -> None:
    function = deploy(
        """
        import os, subprocess, sys, time
        def handle(event, context):
            if event:
                return os.path.exists(f"/proc/{event}") and open(f"/proc/{event}/stat").read().split()[2] != "Z"
            child = subprocess.Popen(["sleep", "60"], start_new_session=True)
            print("child", child.pid)
            time.sleep(60)
        """,
        Timeout=1,
    )
    answer = function.invoke(LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()

    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert answer["Payload"]["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert "Task timed out after 1.00 seconds" in log
    assert 1000 <= function.journal()[-1]["duration_ms"] < 3000
    child = int(log.partition("child ")[2].split()[0])
    assert function(child) is False


def test_a_function_over_its_memory_is_killed(deploy: Deploy) -> None:
    function = deploy(
        """
        import time
        def handle(event, context):
            held = bytearray(event * 1024 * 1024)
            time.sleep(1)
            return len(held) >> 20
        """,
        MemorySize=128,
    )

    assert function(20) == 20
    answer = function.invoke(300)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.OutOfMemory"
    assert "signal: killed" in answer["Payload"]["errorMessage"]
    assert function(20) == 20


def test_the_answers_log_is_the_end_of_what_was_printed(deploy: Deploy) -> None:
    function = deploy("def handle(event, context):\n    for n in range(event): print('line', n)")
    answer = function.invoke(1000, LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()

    assert len(log.encode()) == 4096
    request_id = answer["ResponseMetadata"]["RequestId"]
    *printed, end, report = log.splitlines()
    assert printed[-1] == "line 999"
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "LogResult" not in function.invoke(1)


def test_a_dry_run_runs_nothing(deploy: Deploy) -> None:
    function = deploy(ECHO)

    assert function.invoke(InvocationType="DryRun")["StatusCode"] == 204
    assert function.journal() == []


def test_what_is_not_there_is_not_found(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(ECHO)
    for names in ({"FunctionName": "nothing"}, {"FunctionName": function.name, "Qualifier": "5"}):
        for kind in ("RequestResponse", "Event", "DryRun"):
            call = {**names, "InvocationType": kind}
            error = refused(lambda call=call: function.client.invoke(**call))
            assert error["Error"]["Code"] == "ResourceNotFoundException"
            assert error["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_event_must_be_json(deploy: Deploy) -> None:
    function = deploy(ECHO)

    error = refused(lambda: function.client.invoke(FunctionName=function.name, Payload=b"{nonsense"))

    assert error["Error"]["Code"] == "InvalidRequestContentException"


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6 << 20), ("Event", 1 << 20)])
def test_an_event_has_a_greatest_size(deploy: Deploy, kind: str, limit: int) -> None:
    function = deploy("def handle(event, context): return len(event)")
    client = function.client
    fits = b'"' + b"x" * (limit - 2) + b'"'

    client.invoke(FunctionName=function.name, InvocationType=kind, Payload=fits)
    error = refused(lambda: client.invoke(FunctionName=function.name, InvocationType=kind, Payload=fits + b" "))

    assert error["Error"]["Code"] == "RequestTooLargeException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_an_answer_has_a_greatest_size(deploy: Deploy) -> None:
    function = deploy("def handle(event, context): return 'x' * event")

    assert len(function((6 << 20) - 2)) == (6 << 20) - 2
    answer = function.invoke(6 << 20)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_function_can_invoke_another(deploy: Deploy) -> None:
    inner = deploy("def handle(event, context): return event + 1")
    outer = deploy(
        """
        import boto3, json
        def handle(event, context):
            answer = boto3.client("lambda").invoke(FunctionName=event, Payload=b"41")
            return json.loads(answer["Payload"].read())
        """
    )

    assert outer(inner.name) == 42


def test_a_function_that_calls_itself_without_end_is_stopped(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(
        """
        import boto3, json
        def handle(event, context):
            boto3.client("lambda").invoke(
                FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(event + 1))
        """
    )
    function.send(0)
    aws.settle()

    assert len(function.journal()) == 16
    assert [entry["why"] for entry in function.journal("given up")] == ["RecursiveLoop"]


def test_a_function_may_be_allowed_to_call_itself(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(
        """
        import boto3, json
        def handle(event, context):
            if event < 20:
                boto3.client("lambda").invoke(
                    FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(event + 1))
        """
    )
    client = function.client
    assert client.get_function_recursion_config(FunctionName=function.name)["RecursiveLoop"] == "Terminate"
    client.put_function_recursion_config(FunctionName=function.name, RecursiveLoop="Allow")
    assert client.get_function_recursion_config(FunctionName=function.name)["RecursiveLoop"] == "Allow"

    function.send(0)
    aws.settle()

    assert len(function.journal()) == 21


def test_the_deprecated_way_to_invoke_works(aws: LocalAws, deploy: Deploy) -> None:
    function = deploy(ECHO)
    client = aws.client("lambda", config=Config(retries={"max_attempts": 0}))

    assert client.invoke_async(FunctionName=function.name, InvokeArgs=b"{}")["Status"] == 202
    aws.settle()
    assert [entry["how"] for entry in function.journal()] == ["event"]


def test_a_package_must_be_a_zip(aws: LocalAws, role: str) -> None:
    create = aws.client("lambda").create_function
    named = {"FunctionName": "broken", "Runtime": "python3.13", "Role": role, "Handler": "handler.handle"}

    error = refused(lambda: create(**named, Code={"ZipFile": package(ECHO)[:-30]}))

    assert error["Error"]["Code"] == "InvalidParameterValueException"
    assert "unzip" in error["Error"]["Message"]


def test_another_runtime_is_refused(deploy: Deploy) -> None:
    answer = deploy(ECHO, Runtime="python3.12").invoke()

    assert answer["FunctionError"] == "Unhandled"
    assert "python3.13 only" in answer["Payload"]["errorMessage"]
