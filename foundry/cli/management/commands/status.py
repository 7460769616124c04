"""manage.py status: the newest requests, or one of them."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.core.management.base import CommandParser

from foundry.cli import report
from foundry.cli.command import ApiCommand, add_json, add_waiting
from foundry.cli.exits import Exit
from foundry.client import RequestState


class Command(ApiCommand):
    help = "Show the newest requests of the team, or one request; with --wait, until it has ended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", nargs="?", metavar="ID", help="a request (default: the newest of the team)")
        parser.add_argument("--service", help="requests to that service only")
        parser.add_argument("--state", choices=list(RequestState), help="requests in that state only")
        parser.add_argument("--label", help="requests with that in their label only")
        parser.add_argument("--tag", help="requests with that tag only")
        parser.add_argument("--limit", type=int, default=20, help="how many requests (default: %(default)s)")
        add_waiting(parser)
        add_json(parser)
        super().add_arguments(parser)

    def run(self, **options: Any) -> Exit:
        if options["id"] is None:
            return self._list(options)
        request = self.foundry.request(options["id"])
        if options["wait"]:
            return self.wait_for(request, timeout=options["timeout"], as_json=options["json"], rows=options["rows"])
        if options["json"]:
            self.write_json(request)
        else:
            report.show_request(self.out, request)
        return Exit.OK

    def _list(self, options: dict[str, Any]) -> Exit:
        if options["wait"]:
            raise ValueError("--wait needs the ID of a request.")
        filters = {name: options[name] for name in ("service", "state", "label", "tag")}
        found = self.foundry.requests(**filters)
        requests = list(islice(found, options["limit"]))
        if options["json"]:
            self.write_json({"requests": requests})
        else:
            report.show_requests(self.out, requests)
        return Exit.OK
