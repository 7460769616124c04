"""How the servers' connections are handled: moto's way, without a line for each request."""

from __future__ import annotations

from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler


class QuietHandler(MotoRequestHandler):
    disable_nagle_algorithm = True

    def log_request(self, *arguments: Any) -> None:
        """Nothing."""
