"""A worker tells of what has ended by itself."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery


@pytest.fixture
def trusted(monkeypatch, settings) -> None:
    """This machine, by us and by the worker."""
    settings.FOUNDRY_WEBHOOK_TRUSTED = ["127.0.0.1/32"]
    monkeypatch.setenv("FOUNDRY_WEBHOOK_TRUSTED", "127.0.0.1")


def test_a_worker_sends_webhooks_by_itself(trusted, start_worker, make_request, owner, finish, wait_for):
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        endpoints.create(team=owner.caller.team, user=owner.caller.user, url=url, states=endpoints.STATES)
        start_worker()
        request = make_request({"number": 1})
        finish(request)
        wait_for(lambda: Delivery.objects.filter(state="sent").exists(), 10)
        server.shutdown()
    assert len(heard) == 1
    assert str(request.pk).encode() in heard[0]
