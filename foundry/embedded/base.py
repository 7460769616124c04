"""Django's database backend for the embedded server: PostgreSQL's own, which starts the server when it is needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from foundry.database import base
from foundry.embedded.server import Server


class DatabaseClient(base.DatabaseClient):
    def runshell(self, parameters: Iterable[str]) -> None:
        """For `manage.py dbshell`, which makes no connection of its own."""
        self.connection.settings_dict["SERVER"].ensure_running()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Tries first and starts the server only if that fails: a running server costs nothing extra.

        A directory that is not private is not tried: whoever else can write there could be listening.
        """
        server: Server = self.settings_dict["SERVER"]
        if server.is_private():
            with contextlib.suppress(self.Database.OperationalError):
                return super().get_new_connection(conn_params)
        server.ensure_running()
        return super().get_new_connection(conn_params)
