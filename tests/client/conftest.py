"""A web server that answers as it is told to, and remembers what it was asked."""

import contextlib
import dataclasses
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from foundry.client import Foundry, http


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: object = None
    headers: dict = dataclasses.field(default_factory=dict)
    #: Send only so many bytes of the body and hang up.
    cut: int | None = None


@dataclasses.dataclass
class Asked:
    method: str
    path: str
    headers: dict
    body: bytes


#: Hang up without an answer.
HANG_UP = None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked = [], []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, *answers):
        """What to answer to the next questions; the last one again and again."""
        self.answers = list(answers)


class Handler(BaseHTTPRequestHandler):
    def handle_one_request(self):
        self.raw_requestline = self.rfile.readline()
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        answers = self.server.answers
        self.tell(answers.pop(0) if len(answers) > 1 else answers[0])
        self.close_connection = True

    def tell(self, answer):
        if answer is HANG_UP:
            return
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        kind = "application/problem+json" if answer.status >= 400 else "application/json"
        for name, value in ({"Content-Type": kind, "Content-Length": len(body)} | answer.headers).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body[: answer.cut])

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def running():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def server():
    with running() as server:
        yield server


@pytest.fixture
def foundry(server):
    return Foundry(server.url, "fdy_secret")


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """How long it would have waited before each repetition."""
    waited = []
    monkeypatch.setattr(http.time, "sleep", waited.append)
    return waited


@pytest.fixture
def request_json():
    def make(state="queued", succeeded=0, **fields):
        return {
            "id": "r1",
            "service": "toy",
            "version": "1.0",
            "label": "",
            "state": state,
            "priority": 0,
            "owner": "owner",
            "team": "team",
            "options": {},
            "created_at": "2026-01-02T03:04:05.678Z",
            "started_at": None,
            "finished_at": None,
            "jobs": 1,
            "items": {"total": 4, "succeeded": succeeded, "failed": 0, "waiting": 4 - succeeded},
            **fields,
        }

    return make
