"""What AWS has not: /_localaws/, for faults, for what happened, and for fetching functions' code."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from moto.awslambda.models import lambda_backends
from werkzeug import Request, Response

from tests.localaws.asynchronous import EventQueue
from tests.localaws.faults import Faults, Shares
from tests.localaws.fronts import Fronts
from tests.localaws.journal import Journal
from tests.localaws.pool import Pool


@dataclass
class Admin:
    pool: Pool
    queue: EventQueue
    journal: Journal
    faults: Faults
    fronts: Fronts

    def answer(self, request: Request) -> Response | None:
        """None for what is not under /_localaws/."""
        if not request.path.startswith("/_localaws/"):
            return None
        what, _, rest = request.path.removeprefix("/_localaws/").partition("/")
        if what == "faults":
            self.faults.set(Shares(**json.loads(request.get_data())))
            return Response(status=204)
        if what == "fronts":
            return _json({"url": self.fronts.open(**json.loads(request.get_data()))})
        if what == "journal":
            after, wait = int(request.args.get("after", 0)), float(request.args.get("wait", 0))
            return _json(self.journal.since(after, wait))
        if what == "state":
            return _json(self._state())
        if what == "code":
            return _code(*rest.split("/"))
        return Response(status=404)

    def _state(self) -> dict[str, object]:
        """Environments by function and version, and events that wait or run."""
        environments = Counter(str(environment.version) for environment in self.pool.running())
        return {"environments": environments, "events": len(self.queue)}


def _code(account: str, region: str, function: str, number: str) -> Response:
    found = lambda_backends[account][region].get_function(function, number)
    return Response(found.code_bytes, content_type="application/zip")


def _json(value: object) -> Response:
    return Response(json.dumps(value), content_type="application/json")
