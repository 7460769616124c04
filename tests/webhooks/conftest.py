"""A real receiver of webhooks on this machine, and requests that end."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from foundry.accounts.models import User
from foundry.core.models import ServiceRequest
from foundry.core.requests import RequestState
from foundry.core.work import Slot, work
from foundry.webhooks import endpoints, send, signing
from foundry.webhooks.models import Delivery, Endpoint, Secret


@dataclasses.dataclass
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver(ThreadingHTTPServer):
    """Answers with `status`, `headers` and `body`, a piece each `pause_s`."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.heard: list[Heard] = []
        self.status, self.headers, self.body = 204, {}, b""
        self.pause_s = 0.0
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_port}/hook"

    def handle_error(self, request, client_address) -> None:
        """Who calls may hang up."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        if self.server.body:
            self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        for number in range(len(self.server.body) if self.server.pause_s else 0):
            time.sleep(self.server.pause_s)
            self.wfile.write(self.server.body[number : number + 1])
        if not self.server.pause_s:
            self.wfile.write(self.server.body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def start_receiver(settings) -> Iterator[Callable[..., Receiver]]:
    settings.FOUNDRY_WEBHOOK_TRUSTED = ["127.0.0.0/8"]
    started = []

    def start(*args, **kwargs) -> Receiver:
        started.append(Receiver(*args, **kwargs))
        return started[-1]

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


@pytest.fixture
def receiver(start_receiver) -> Receiver:
    return start_receiver()


@pytest.fixture
def make_endpoint(owner, receiver) -> Callable[..., Endpoint]:
    def make(url: str | None = None, states=endpoints.STATES, caller=None) -> Endpoint:
        caller = caller or owner.caller
        return endpoints.create(team=caller.team, user=caller.user, url=url or receiver.url, states=states)[0]

    return make


@pytest.fixture
def endpoint(make_endpoint) -> Endpoint:
    return make_endpoint()


def compute(jobs: int | None = None) -> None:
    """Work through what waits."""
    work(Slot(service="toy", release="local", name="s", lease=timedelta(minutes=1)), jobs=jobs)


@pytest.fixture
def finished(make_request) -> Callable[..., ServiceRequest]:
    """A request that has ended."""

    def make(*items, **fields) -> ServiceRequest:
        request = make_request(*(items or ({"number": 1},)), **fields)
        compute()
        return request

    return make


def secret_of(endpoint: Endpoint) -> str:
    """The newest."""
    return signing.secrets_of([Secret.objects.get(endpoint=endpoint, until=None).seed])[0]


def set_address(user: User, email: str) -> None:
    """And confirm it."""
    User.objects.filter(pk=user.pk).update(email=email, confirmed_email=email)


def make_due() -> None:
    """As if the pauses were over."""
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now() - timedelta(seconds=1))


def send_again() -> None:
    make_due()
    send.send_due()


STATE = RequestState
