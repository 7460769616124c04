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
from foundry.client.foundry import save


class Command(ApiCommand):
    help = "Show the results of a request, write all of them as JSON, CSV or NDJSON, or save an artifact."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="the request")
        form = parser.add_mutually_exclusive_group()
        add_json(form)
        form.add_argument("--csv", action="store_true", help="all results as a table of the service's columns")
        form.add_argument("--ndjson", action="store_true", help="all results, one JSON object a line")
        form.add_argument("--artifact", metavar="NAME", help="the artifact of that name, saved under it")
        parser.add_argument("--state", choices=["succeeded", "failed"], help="results in that state only")
        parser.add_argument("--item", type=int, metavar="POSITION", help="the item that the artifact is of")
        parser.add_argument("--output", "-o", metavar="FILE", help="where to save it; - is standard output")
        parser.add_argument("--rows", type=int, default=report.ROWS, help="rows of the table (default: %(default)s)")
        super().add_arguments(parser)

    def run(self, **options: Any) -> Exit:
        _check(options)
        pieces = self._artifact(options) if options["artifact"] else self._export(options)
        if pieces is None:
            report.show_results(self.out, self.foundry, self.foundry.request(options["id"]), rows=options["rows"])
        elif (path := options["output"] or options["artifact"] or "-") == "-":
            for text in codecs.iterdecode(pieces, "utf-8"):
                self.stdout.write(text, ending="")
        else:
            saved = save(path, pieces)
            self.notes.print(f"Saved {saved} ({saved.stat().st_size:,} bytes).", soft_wrap=True)
        return Exit.OK

    def _export(self, options: dict[str, Any]) -> Iterator[bytes] | None:
        """The results in the wanted form, piece by piece as they arrive."""
        if options["json"]:
            return _one_document(self.foundry.results(options["id"], options["state"]))
        for kind in ("csv", "ndjson"):
            if options[kind]:
                return self.foundry.export(options["id"], kind, options["state"])
        return None

    def _artifact(self, options: dict[str, Any]) -> Iterator[bytes]:
        name, item = options["artifact"], options["item"]
        for one in self.foundry.request(options["id"]).artifacts:
            if one.name == name and one.per_item and item is None:
                raise ValueError(f"{name} is made of one item: say which, such as --item 1.")
            if one.name == name and not one.per_item and item is not None:
                raise ValueError(f"{name} is made of the whole request: leave --item out.")
        return self.foundry.artifact(options["id"], name, item)


def _check(options: dict[str, Any]) -> None:
    """Raises ValueError about arguments that would be ignored."""
    exports = options["json"] or options["csv"] or options["ndjson"]
    if options["item"] is not None and not options["artifact"]:
        raise ValueError("--item goes with --artifact.")
    if options["state"] and not exports:
        raise ValueError("--state goes with --json, --csv or --ndjson.")
    if options["output"] and not (exports or options["artifact"]):
        raise ValueError("--output goes with --json, --csv, --ndjson or --artifact.")


def _one_document(results: Iterator[Result]) -> Iterator[bytes]:
    """Written as they arrive: there may be more of them than fit into memory."""
    yield b'{"results": ['
    for number, result in enumerate(results):
        line = json.dumps(dataclasses.asdict(result), ensure_ascii=False)
        yield f"{',' if number else ''}\n{line}".encode()
    yield b"\n]}\n"
