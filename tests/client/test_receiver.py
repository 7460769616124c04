"""The receiver that docs/webhooks.md gives to begin with."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.client.test_notebook import SECRET, message

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"


@pytest.fixture
def receiver(tmp_path):
    """Its address, and its process."""
    (source,) = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = source.replace("9000", str(port))
    command = [sys.executable, "-u", "-c", script, SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield f"http://127.0.0.1:{port}/", process
        process.kill()


def post(address, headers, body):
    deadline = time.monotonic() + 20
    while True:
        try:
            return requests.post(address, body, headers=headers, timeout=20).status_code
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_it_takes_what_foundry_sends_and_refuses_the_rest(receiver):
    address, process = receiver
    headers, body = message()
    assert post(address, headers, body) == 204
    assert process.stdout.readline() == "msg_1 partial\n"
    assert post(address, headers, body + b" ") == 401
    assert "This message is not Foundry's" in process.stdout.readline()
