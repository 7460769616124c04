"""manage.py retry: compute the failed items of a request again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from foundry.cli import report
from foundry.cli.command import ApiCommand, add_json, add_waiting
from foundry.cli.exits import Exit


class Command(ApiCommand):
    help = "Compute the failed items of a request again, but those that were refused as invalid."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="the request")
        add_waiting(parser)
        add_json(parser)
        super().add_arguments(parser)

    def run(self, **options: Any) -> Exit:
        request = self.foundry.retry(options["id"])
        if options["wait"]:
            return self.wait_for(request, timeout=options["timeout"], as_json=options["json"], rows=options["rows"])
        if options["json"]:
            self.write_json(request)
        else:
            report.show_request(self.out, request)
        return Exit.OK
