"""Functions' logs in CloudWatch Logs."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.aws.localaws.conftest import Function

Deploy = Callable[..., Function]


def logged(function: Function) -> list[str]:
    client = function.aws.client("logs")
    events = client.filter_log_events(logGroupName=f"/aws/lambda/{function.name}")["events"]
    return [event["message"] for event in events]


def test_an_invocation_is_logged_from_start_to_report(deploy: Deploy) -> None:
    function = deploy(
        """
        import logging, sys
        def handle(event, context):
            print("printed")
            print("to stderr", file=sys.stderr)
            logging.warning("warned")
        """
    )
    request_id = function.invoke()["ResponseMetadata"]["RequestId"]
    start, printed, to_stderr, warned, end, report = logged(function)

    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert (printed, to_stderr) == ("printed", "to stderr")
    assert re.fullmatch(rf"\[WARNING\]\t[\d:.TZ-]+\t{request_id}\twarned", warned)
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB"
        r"\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms",
        report,
    )


def test_a_warm_invocation_has_no_init_and_shares_the_stream(deploy: Deploy) -> None:
    function = deploy("def handle(event, context): pass")
    function()
    function()

    reports = [line for line in logged(function) if line.startswith("REPORT")]
    assert ["Init Duration" in report for report in reports] == [True, False]
    streams = function.aws.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{function.name}")
    (stream,) = streams["logStreams"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"])


def test_each_version_has_streams_of_its_own(deploy: Deploy) -> None:
    function = deploy("import os\ndef handle(event, context): return os.environ['AWS_LAMBDA_LOG_STREAM_NAME']")
    function.client.publish_version(FunctionName=function.name)

    assert "[1]" in function(Qualifier="1")
    streams = function.aws.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{function.name}")
    assert ["[1]" in stream["logStreamName"] for stream in streams["logStreams"]] == [True]


def test_an_error_is_one_entry_with_its_trace(deploy: Deploy) -> None:
    function = deploy("def handle(event, context): raise ValueError('told')")
    function()

    (error,) = [line for line in logged(function) if line.startswith("[ERROR]")]
    assert error.startswith("[ERROR] ValueError: told\nTraceback (most recent call last):\n")
    assert "raise ValueError('told')" in error


def test_the_report_tells_a_timeout_and_an_exit(deploy: Deploy) -> None:
    function = deploy("import os, time\ndef handle(event, context): os._exit(1) if event else time.sleep(9)", Timeout=1)
    function(0)
    function(1)

    late, ended = (line for line in logged(function) if line.startswith("REPORT"))
    assert late.endswith("\tStatus: timeout")
    assert ended.endswith("\tStatus: error\tError Type: Runtime.ExitError")
