"""manage.py cancel: compute no more of a request."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from foundry.cli import report
from foundry.cli.command import ApiCommand, add_json
from foundry.cli.exits import Exit


class Command(ApiCommand):
    help = "Cancel a request: what is not computed yet will not be; results that are there stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="the request")
        add_json(parser)
        super().add_arguments(parser)

    def run(self, **options: Any) -> Exit:
        request = self.foundry.cancel(options["id"])
        if options["json"]:
            self.write_json(request)
        else:
            report.show_request(self.out, request)
        return Exit.OK
