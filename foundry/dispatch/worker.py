"""Worker: jobs run in the processes of `manage.py worker`, which wait for PostgreSQL's notifications."""

from __future__ import annotations

import dataclasses
import json

from django.db import connection

CHANNEL = "foundry_jobs"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """There are jobs of that service and release, enough for that many slots."""

    service: str
    release: str
    slots: int

    @classmethod
    def read(cls, payload: str) -> Nudge:
        """From a notification, which may be of a newer release's making. Raises ValueError, TypeError or KeyError."""
        told = json.loads(payload)
        return cls(service=str(told["service"]), release=str(told["release"]), slots=int(told["slots"]))


class WorkerDispatcher:
    """Notifies every worker that listens on the database."""

    def dispatch(self, *, service: str, release: str, slots: int) -> None:
        """Send the nudge. Nobody need listen: a worker sweeps when it starts."""
        nudge = Nudge(service=service, release=release, slots=slots)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(dataclasses.asdict(nudge))])
