"""manage.py results: what the items of a request came to."""

from __future__ import annotations

import codecs
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser

from foundry.cli import report
from foundry.cli.command import ApiCommand, add_json
from foundry.cli.exits import Exit
from foundry.client import Result


class Command(ApiCommand):
    help = "Show the results of a request, write all of them as JSON, CSV or NDJSON, or save an artifact."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="the request")
        form = parser.add_mutually_exclusive_group()
        add_json(form)
        form.add_argument("--csv", action="store_true", help="all results as a table of the service's columns")
        form.add_argument("--ndjson", action="store_true", help="all results, one JSON object a line")
        form.add_argument("--artifact", metavar="NAME", help="the artifact of that name, saved to --output")
        parser.add_argument("--state", choices=["succeeded", "failed"], help="results in that state only")
        parser.add_argument("--item", type=int, metavar="POSITION", help="the item that the artifact is of")
        parser.add_argument("--output", "-o", metavar="FILE", help="where to save the artifact")
        parser.add_argument("--rows", type=int, default=report.ROWS, help="rows of the table (default: %(default)s)")
        super().add_arguments(parser)

    def run(self, **options: Any) -> Exit:
        if options["artifact"]:
            return self._download(options)
        if texts := self._texts(options):
            for text in texts:
                self.stdout.write(text, ending="")
        else:
            report.show_results(self.out, self.foundry, self.foundry.request(options["id"]), rows=options["rows"])
        return Exit.OK

    def _texts(self, options: dict[str, Any]) -> Iterator[str] | None:
        """The results in the wanted form, piece by piece as they arrive."""
        if options["json"]:
            return _one_document(self.foundry.results(options["id"], options["state"]))
        for kind in ("csv", "ndjson"):
            if options[kind]:
                return codecs.iterdecode(self.foundry.export(options["id"], kind, options["state"]), "utf-8")
        return None

    def _download(self, options: dict[str, Any]) -> Exit:
        if not options["output"]:
            raise ValueError("Say with --output FILE where to save the artifact.")
        saved = self.foundry.download(options["id"], options["artifact"], options["output"], options["item"])
        self.notes.print(f"Saved {saved} ({saved.stat().st_size:,} bytes).")
        return Exit.OK


def _one_document(results: Iterator[Result]) -> Iterator[str]:
    """Written as they arrive: there may be more of them than fit into memory."""
    yield '{"results": ['
    for number, result in enumerate(results):
        yield (",\n" if number else "\n") + json.dumps(dataclasses.asdict(result), ensure_ascii=False)
    yield "\n]}\n"
