"""manage.py submit: submit files of designs to a service."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundry.cli import report
from foundry.cli.command import ApiCommand, add_json, add_waiting
from foundry.cli.exits import Exit
from foundry.client import File, Request


class Command(ApiCommand):
    help = (
        "Submit designs to a service: FASTA, GenBank, SnapGene, CSV or a zip of those, or a .json file with a list of "
        "items. With --wait, show progress and results."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for standard input")
        parser.add_argument("--service", required=True, metavar="NAME", help="see `manage.py services`")
        parser.add_argument(
            *("--option", "-o"),
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="an option of the service; key=@file.json reads it",
        )
        parser.add_argument(
            *("--set", "-s"),
            dest="defaults",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="a value for items that give none, such as topology=circular; field=@file.json reads it",
        )
        parser.add_argument("--label", default="", help="for people, to find the request again")
        parser.add_argument(
            "--tag", dest="tags", action="append", default=[], metavar="TAG", help="a word to find the request by"
        )
        parser.add_argument(
            "--priority", type=int, choices=range(-5, 6), default=0, metavar="N", help="-5 to 5; higher runs first"
        )
        parser.add_argument("--idempotency-key", metavar="KEY", help="the same key submits only once")
        add_waiting(parser)
        add_json(parser)
        super().add_arguments(parser)

    def run(self, **options: Any) -> Exit:
        request = self._submit(options)
        console = self.notes if options["json"] else self.out
        report.show_submitted(console, request, refused=options["json"] or not options["wait"])
        if options["wait"]:
            return self.wait_for(request, timeout=options["timeout"], as_json=options["json"], rows=options["rows"])
        if options["json"]:
            self.write_json(request)
        else:
            self.out.print(f"Follow it: manage.py status {request.id} --wait", style="dim", soft_wrap=True)
        return Exit.OK

    def _submit(self, options: dict[str, Any]) -> Request:
        return self.foundry.submit(
            options["service"],
            **_contents(options["files"]),
            options=_pairs("--option", options["option"]),
            defaults=_pairs("--set", options["defaults"]),
            label=options["label"],
            tags=options["tags"],
            priority=options["priority"],
            idempotency_key=options["idempotency_key"],
        )


def _contents(names: list[str]) -> dict[str, Any]:
    """The items of .json files, or the files as they are."""
    paths = [name for name in names if Path(name).suffix == ".json"]
    if not paths:
        return {"files": [_file(name) for name in names]}
    if len(paths) < len(names):
        raise ValueError("Submit .json files and other files in requests of their own.")
    return {"items": [item for path in paths for item in _items(path)]}


def _file(name: str) -> File:
    return ("stdin", sys.stdin.buffer.read()) if name == "-" else name


def _items(path: str) -> list[dict[str, Any]]:
    items = _json(path)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError(f"{path} must hold a list of items, each an object.")
    return items


def _pairs(argument: str, given: list[str]) -> dict[str, Any]:
    """KEY=VALUE, with the value as JSON where it is JSON, else as text; @FILE is the JSON in that file."""
    pairs = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not (key and equals):
            raise ValueError(f"{argument} {one}: write {argument} key=value.")
        pairs[key] = _json(value[1:]) if value.startswith("@") else _json_or_text(value)
    return pairs


def _json(path: str) -> Any:
    try:
        return json.loads(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}.") from None


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
