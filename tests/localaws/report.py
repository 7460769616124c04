"""An invocation's lines in the function's log, as Lambda writes them in text format."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time_millis
from moto.logs.models import logs_backends

from tests.localaws.versions import Version

if TYPE_CHECKING:
    from tests.localaws.environment import Outcome

#: How much of the log's end an answer carries (LogType=Tail), in bytes.
TAIL = 4096
#: Entries that are kept of one environment's log.
KEPT = 20_000

_writing = threading.Lock()


def lines(version: Version, request_id: str, outcome: Outcome, printed: list[str]) -> list[str]:
    """START, what the function printed, why Lambda ended it if it did, END, REPORT."""
    return [
        f"START RequestId: {request_id} Version: {version.number}",
        *printed,
        *_platform_error(request_id, outcome),
        f"END RequestId: {request_id}",
        "\t".join(_report(version, request_id, outcome)),
    ]


def tail(log: list[str]) -> str:
    """The end of the log as X-Amz-Log-Result carries it."""
    return base64.b64encode(("\n".join(log) + "\n").encode()[-TAIL:]).decode()


def write(version: Version, stream: str, log: list[str]) -> None:
    """To CloudWatch Logs; makes the function's group when it is not there, as Lambda does."""
    backend: Any = logs_backends[version.account][version.region]
    group, now = f"/aws/lambda/{version.function}", int(unix_time_millis())
    # moto's logs expect one writer.
    with _writing:
        backend.ensure_log_group(group)
        backend.ensure_log_stream(group, stream)
        backend.put_log_events(group, stream, [{"timestamp": now, "message": line} for line in log])
        del backend.groups[group].streams[stream].events[:-KEPT]


def _platform_error(request_id: str, outcome: Outcome) -> list[str]:
    if not outcome.error_type.startswith(("Sandbox.", "Runtime.ExitError", "Runtime.OutOfMemory")):
        return []
    message = json.loads(outcome.payload)["errorMessage"]
    if outcome.error_type == "Sandbox.Timedout":
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return [f"{now} {request_id} {message.partition(' Error: ')[2]}"]
    return [message, outcome.error_type]


def _report(version: Version, request_id: str, outcome: Outcome) -> list[str]:
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {outcome.duration_ms:.2f} ms",
        f"Billed Duration: {outcome.billed_ms} ms",
        f"Memory Size: {version.memory} MB",
        f"Max Memory Used: {min(outcome.memory_mb, version.memory)} MB",
    ]
    if outcome.init_ms is not None:
        parts.append(f"Init Duration: {outcome.init_ms:.2f} ms")
    if outcome.error_type == "Sandbox.Timedout":
        parts.append("Status: timeout")
    elif outcome.error_type.startswith("Runtime."):
        parts += ["Status: error", f"Error Type: {outcome.error_type}"]
    return parts
