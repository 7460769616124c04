"""Django's database backend: PostgreSQL's own, with credentials that may change and patience with a busy server."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import base, client

from foundry.database import patience
from foundry.database.credentials import Credentials

logger = logging.getLogger(__name__)


class DatabaseClient(client.DatabaseClient):
    def runshell(self, parameters: Iterable[str]) -> None:
        """For `manage.py dbshell`, which makes no connection of its own."""
        self.connection.get_connection_params()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """With the credentials of now."""
        credentials: Credentials | None = self.settings_dict.get("CREDENTIALS")
        if credentials:
            # Not changed in place: it is shared with other threads' connections.
            self.settings_dict = credentials.complete(self.settings_dict)
        params: dict[str, Any] = super().get_connection_params()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Tries again, for a while, what may work in a moment."""
        for pause in patience.pauses():
            try:
                return super().get_new_connection(conn_params)
            except self.Database.OperationalError as error:
                if self._is_password_old(error):
                    conn_params = self.get_connection_params()
                elif not patience.is_busy(error):
                    raise
                logger.info("no connection yet, trying again in %.2f s: %s", pause, error)
            time.sleep(pause)
        return super().get_new_connection(conn_params)

    def _is_password_old(self, error: Exception) -> bool:
        credentials: Credentials | None = self.settings_dict.get("CREDENTIALS")
        return bool(credentials and patience.is_password_refused(error) and credentials.renew(self.settings_dict))
