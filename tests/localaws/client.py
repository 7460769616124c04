"""`LocalAws`: starts the server, tells how to reach it, ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from tests.localaws.scratch import remove

ROOT = Path(__file__).resolve().parent.parent.parent
REGION = "us-east-1"
ACCOUNT = "123456789012"
START_SECONDS = 60.0


class LocalAws:
    """AWS on this machine, for as long as the `with` lasts; it also ends when this process does.

    `environments` is how many functions can run at once (an AWS account's concurrency). Other options are those of
    `python -m tests.localaws.server`, such as `retry_seconds=0.2`. Under `home` is the server's log.
    """

    def __init__(self, *, home: Path | None = None, environments: int = 8, **options: float) -> None:
        self._own_home = None if home else Path(tempfile.mkdtemp(prefix="localaws-home-"))
        self.home = home or self._own_home or Path()
        self._options: dict[str, object] = {"environments": environments, **options}
        if self._own_home:
            self._options["also_remove"] = self._own_home
        self._process: subprocess.Popen[str] | None = None
        #: What the server keeps while it runs.
        self.scratch: Path | None = None
        self.endpoint = ""

    def __enter__(self) -> LocalAws:
        self.home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.localaws.server"]
        for name, value in self._options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True, env=os.environ | self.keys,
            )  # fmt: skip
        assert self._process.stdout
        told = self._process.stdout.readline()
        if not told:
            self.__exit__()
            raise RuntimeError(f"The local AWS did not start: {self.log.read_text()[-2000:]}")
        ready = json.loads(told)
        self.endpoint, self.scratch = ready["endpoint"], Path(ready["scratch"])
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.communicate(timeout=START_SECONDS)
        # Left only by a server that was killed.
        for directory in (self.scratch, self._own_home):
            if directory:
                remove(directory)

    @property
    def log(self) -> Path:
        """What the server itself printed: for finding faults in it."""
        return self.home / "localaws.log"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def keys(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_SESSION_TOKEN": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def environ(self) -> dict[str, str]:
        """For a process that is to use this AWS."""
        return {**self.keys, "AWS_ENDPOINT_URL": self.endpoint}

    def client(self, service: str, **options: Any) -> Any:
        """boto3's, for this AWS."""
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "aws_session_token": "testing"}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys, **options)

    def faults(self, **shares: float) -> None:
        """`drop, delay, duplicate, kill, throttle`: shares of the invocations; `seed`, `delay_seconds`, `kill_seconds`.

        Without arguments: none any more.
        """
        self._admin("faults", json.dumps(shares).encode())

    def front(self, function: str, *, stage: str, version: str = "1.0", port: int = 0) -> str:
        """A loopback URL whose requests become events for `function`: of a REST API ("1.0") or an HTTP API ("2.0")."""
        told = {"function": function, "stage": stage, "version": version, "port": port, "region": REGION}
        url: str = json.loads(self._admin("fronts", json.dumps(told).encode()))["url"]
        return url

    def journal(self, after: int = 0, wait: float = 0.0) -> list[dict[str, Any]]:
        """What happened after entry `after`; waits up to `wait` seconds for something to."""
        entries: list[dict[str, Any]] = json.loads(self._admin(f"journal?after={after}&wait={wait}"))
        return entries

    def state(self) -> dict[str, Any]:
        """`environments`: how many by "function:version"; `events`: how many wait or run."""
        state: dict[str, Any] = json.loads(self._admin("state"))
        return state

    def settle(self, seconds: float = 60.0) -> None:
        """Waits until no asynchronous event waits or runs. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while self.state()["events"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"After {seconds} s events still wait: {self.state()}")
            time.sleep(0.05)

    def _admin(self, path: str, body: bytes | None = None) -> bytes:
        with urllib.request.urlopen(f"{self.endpoint}/_localaws/{path}", body, timeout=START_SECONDS) as answer:
            told: bytes = answer.read()
        return told
