"""An execution environment: one process that runs one version's handler, one event at a time."""

from __future__ import annotations

import json
import math
import queue
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.localaws import report, sandbox
from tests.localaws.code import CodeStore
from tests.localaws.output import Output
from tests.localaws.runtime_api import RESPONSE_LIMIT, Answer, Event, RuntimeApi
from tests.localaws.scratch import remove
from tests.localaws.versions import Version

#: AWS gives the handler's module this long to import; what takes longer counts as part of the first invocation.
INIT_SECONDS = 10.0
#: The only runtime there is here.
RUNTIME = "python3.13"


@dataclass(frozen=True)
class Place:
    """What all environments of a server share."""

    endpoint: str
    runtime: Path
    scratch: Path
    code: CodeStore


@dataclass(frozen=True)
class Outcome:
    """What one invocation came to. `error_type` is AWS's word, or empty; times are in milliseconds, memory in MB."""

    payload: bytes
    error_type: str
    duration_ms: float
    init_ms: float | None
    memory_mb: int
    log: list[str] = field(repr=False)

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds; since August 2025 AWS bills the start of an environment, too."""
        return math.ceil(self.duration_ms + (self.init_ms or 0.0))


class Environment:
    def __init__(self, version: Version, place: Place) -> None:
        self.version, self.key, self.place = version, version.key, place
        self.id = uuid.uuid4().hex
        self.stream = f"{datetime.now(UTC):%Y/%m/%d}/[{version.number}]{self.id}"
        self.idle_since = time.monotonic()
        self.peak_mb = 0
        self._process: sandbox.Process | None = None
        self._api: RuntimeApi | None = None
        self._output: Output | None = None
        self._out_of_memory = False
        self._tmp = place.scratch / "environments" / self.id

    @property
    def started(self) -> bool:
        return self._process is not None

    @property
    def alive(self) -> bool:
        """Whether it can take an event: not begun yet, or begun and not ended."""
        return self._process is None or not self._process.ended.is_set()

    def run(self, request_id: str, payload: bytes, invoked_arn: str, trace: str) -> Outcome:
        """Starts the process if there is none, and has it handle the event, killing it at the function's timeout.

        After an outcome whose process has ended (`alive`), the environment is of no further use.
        """
        if self.version.runtime != RUNTIME:
            refused = _error("Runtime.Unavailable", f"This local AWS runs {RUNTIME} only, not {self.version.runtime}.")
            return Outcome(refused, "Runtime.Unavailable", 0.0, None, 0, [])
        init_ms, failed = (None, None) if self.started else self._start()
        started = time.monotonic()
        if failed is None:
            assert self._api
            deadline_ms = int((time.time() + self.version.timeout) * 1000)
            self._api.events.put(Event(request_id, payload, invoked_arn, trace, deadline_ms))
        answer = failed or self._answer(self.version.timeout)
        duration_ms = (time.monotonic() - started) * 1000
        self.watch_memory()
        body, error_type = self._understood(answer, request_id)
        outcome = Outcome(body, error_type, duration_ms, init_ms, self.peak_mb, [])
        assert self._output
        outcome.log.extend(report.lines(self.version, request_id, outcome, self._output.take()))
        return outcome

    def watch_memory(self) -> None:
        """Notes the memory in use and kills the process above the function's limit, as Lambda does."""
        if self._process is None or not self.alive:
            return
        self.peak_mb = max(self.peak_mb, self._process.memory_mb())
        if self.peak_mb > self.version.memory:
            self._out_of_memory = True
            self._process.kill()

    def kill(self) -> None:
        """The process and all that it started, whatever it is doing."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Ends it and removes what it left."""
        if self._process is None:
            return
        self.kill()
        if self._api:
            self._api.close()
        remove(self._tmp)

    def _start(self) -> tuple[float, Answer | None]:
        """How long it took in ms, and why it failed if it did."""
        code = self.place.code.directory(self.version)
        begun = time.monotonic()
        self._api, self._output = RuntimeApi(), Output()
        sandbox.private_directory(self._tmp)
        command = [*sandbox.interpreter(), "-m", "awslambdaric", self.version.handler]
        self._process = sandbox.Process(command, code, self._variables(self._api.address, code), self._output.writer)
        self._output.started()
        threading.Thread(target=self._watch_exit, args=(self._process, self._api), daemon=True).start()
        try:
            answer = self._api.answers.get(timeout=INIT_SECONDS)
        except queue.Empty:
            answer = Answer("ready")
        return (time.monotonic() - begun) * 1000, None if answer.kind == "ready" else answer

    def _watch_exit(self, process: sandbox.Process, api: RuntimeApi) -> None:
        code = process.wait()
        how = f" with error: signal: {'killed' if code == -9 else -code}" if code < 0 else ""
        how = f" with error: exit status {code}" if code > 0 else how
        api.answers.put(Answer("exited", f"Runtime exited{how or ' without providing a reason'}".encode()))

    def _answer(self, seconds: float) -> Answer:
        assert self._api
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = self._api.answers.get(timeout=left)
            except queue.Empty:
                break
            if answer.kind != "ready":
                return answer
        self.kill()
        return Answer("timeout", f"Task timed out after {seconds:.2f} seconds".encode())

    def _understood(self, answer: Answer, request_id: str) -> tuple[bytes, str]:
        """The payload for whoever invoked, and the error's type."""
        if answer.kind == "response" and len(answer.body) > RESPONSE_LIMIT:
            text = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT + 100} bytes)."
            return _error("Function.ResponseSizeTooLarge", text), "Function.ResponseSizeTooLarge"
        if answer.kind == "response":
            return answer.body, ""
        if answer.kind in ("error", "init_error"):
            return answer.body, str(json.loads(answer.body).get("errorType") or "Unhandled")
        kind = {"timeout": "Sandbox.Timedout"}.get(answer.kind, "Runtime.ExitError")
        kind = "Runtime.OutOfMemory" if self._out_of_memory else kind
        return _error(kind, f"RequestId: {request_id} Error: {answer.body.decode()}"), kind

    def _variables(self, runtime_api: str, code: Path) -> dict[str, str]:
        """What AWS sets and the function's own, which win, except for what only the server can know."""
        version = self.version
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": str(self.place.runtime),
            "AWS_REGION": version.region,
            "AWS_DEFAULT_REGION": version.region,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_SESSION_TOKEN": "testing",
            "AWS_ENDPOINT_URL": self.place.endpoint,
            **version.environment,
            "TMPDIR": str(self._tmp),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": version.function,
            "AWS_LAMBDA_FUNCTION_VERSION": version.number,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{version.function}",
            "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "LAMBDA_TASK_ROOT": str(code),
            "LAMBDA_RUNTIME_DIR": str(self.place.runtime),
            "_HANDLER": version.handler,
        }


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
