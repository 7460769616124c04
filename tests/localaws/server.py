"""The server process: moto's application with the Lambda data plane in front of it.

Started by `LocalAws` (or `make aws-local`), on loopback only. It ends with whoever holds the other end of its standard
input, however that ends, takes all functions' processes with it and removes what it kept.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug import Request
from werkzeug.serving import BaseWSGIServer, make_server

from tests.localaws import internal, moto_gaps, scratch, settling
from tests.localaws.admin import Admin
from tests.localaws.asynchronous import EventQueue
from tests.localaws.code import CodeStore
from tests.localaws.deployments import Deployments
from tests.localaws.destinations import Destinations
from tests.localaws.environment import Environment, Place
from tests.localaws.event_config import EventConfigs
from tests.localaws.faults import Faults
from tests.localaws.fronts import Fronts
from tests.localaws.going_on import going_on
from tests.localaws.handler import QuietHandler
from tests.localaws.invoker import Invoker
from tests.localaws.journal import Journal
from tests.localaws.lambda_api import LambdaApi
from tests.localaws.pool import Pool
from tests.localaws.schedules import Schedules

ROOT = Path(__file__).resolve().parent.parent.parent


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self._listener: BaseWSGIServer = make_server(
            "127.0.0.1", options.port, self, threaded=True, request_handler=QuietHandler
        )
        # After the listener, which is what can fail.
        self.scratch = scratch.make()
        self.endpoint = f"http://127.0.0.1:{self._listener.server_port}"
        os.environ["MOTO_PORT"] = str(self._listener.server_port)
        os.environ["MOTO_LAMBDA_CONCURRENCY_QUOTA"] = str(options.quota)
        self.code = CodeStore(self.scratch / "code")
        place = Place(self.endpoint, ROOT / ".runtime", self.scratch, self.code)
        self.journal, faults, configs = Journal(), Faults(), EventConfigs(options.event_age_scale)
        self.deployments = Deployments(self.journal)
        self.pool = Pool(
            lambda version: Environment(version, place), options.environments, options.patience, options.idle_seconds
        )
        invoker = Invoker(self.pool, self.journal, faults)
        self.queue = EventQueue(invoker, configs, Destinations(self.endpoint), options.retry_seconds)
        self.lambda_api = LambdaApi(invoker, self.queue, configs, options.quota)
        self.fronts = Fronts(invoker)
        self.schedules = Schedules(self.lambda_api, self.journal, options.minute_seconds)
        self.admin = Admin(self.pool, self.queue, self.journal, faults, self.fronts)
        self._moto = DomainDispatcherApplication(create_backend_app)
        moto_gaps.close(self.endpoint)
        if options.settling_seconds:
            settling.begin(options.settling_seconds)
        internal.connect(self.lambda_api)

    def serve(self) -> None:
        """Until standard input ends or a signal comes."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop())
        threading.Thread(target=self._watch_owner, daemon=True).start()
        print(json.dumps({"endpoint": self.endpoint, "scratch": str(self.scratch)}), flush=True)  # noqa: T201
        self._listener.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Ends everything and removes what was kept."""
        for part in (self.schedules, self.fronts, self.queue, self.pool):
            with going_on():
                part.close()
        scratch.remove(self.scratch)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The WSGI application."""
        request = Request(environ, populate_request=False)
        answered = self.admin.answer(request) or self.lambda_api.answer(request) or self.fronts.answer(request)
        if answered is not None:
            return answered(environ, start_response)
        told: Iterable[bytes] = self._moto(environ, start_response)
        self._follow(request)
        return told

    def _follow(self, request: Request) -> None:
        """What a change to functions means for the environments."""
        if request.method != "GET" and (
            "/functions" in request.path or "cloudformation" in request.headers.get("Authorization", "")
        ):
            self.lambda_api.configs.forget_gone()
            self.pool.sweep()
            self.code.keep(self.deployments.look() | self.pool.digests())

    def _watch_owner(self) -> None:
        while os.read(0, 4096):
            pass
        self._stop()

    def _stop(self) -> None:
        threading.Thread(target=self._listener.shutdown, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--environments", type=int, default=8)
    parser.add_argument("--patience", type=float, default=20.0)
    parser.add_argument("--idle-seconds", type=float, default=300.0)
    parser.add_argument("--retry-seconds", type=float, default=1.0)
    parser.add_argument("--minute-seconds", type=float, default=60.0)
    parser.add_argument("--event-age-scale", type=float, default=1.0)
    parser.add_argument("--settling-seconds", type=float, default=0.0, help="what a change of a function takes")
    parser.add_argument("--quota", type=int, default=1000, help="the account's concurrent executions")
    parser.add_argument("--also-remove", type=Path, help="a directory to remove at the end")
    options = parser.parse_args()
    server = Server(options)
    try:
        server.serve()
    finally:
        server.close()
        if options.also_remove:
            scratch.remove(options.also_remove)


if __name__ == "__main__":
    main()
