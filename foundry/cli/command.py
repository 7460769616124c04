"""What the commands that talk to Foundry's API have in common."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import uuid
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from foundry.cli import credentials, exits, report, terminal
from foundry.cli.exits import Exit
from foundry.cli.watch import watch
from foundry.client import Foundry, FoundryError, Request


class ApiCommand(BaseCommand):
    """A command over HTTP or Lambda invokes: it needs no database, and no error of it shows a traceback."""

    requires_system_checks = []

    #: For what was asked for, and for all else.
    out: Console
    notes: Console
    foundry: Foundry

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, epilog=exits.HELP, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", help="address of Foundry (default: FOUNDRY_URL, or the demo that runs here)")
        parser.add_argument(
            "--token", help="bearer token (default: FOUNDRY_TOKEN, or the demo's; others see what stands here)"
        )
        parser.add_argument(
            "--lambda",
            dest="function",
            metavar="FUNCTION",
            help="ask the API's Lambda function (name or name:alias) instead of a URL, with your AWS credentials; a "
            "token is sent only if --token gives one",
        )

    def run(self, **options: Any) -> Exit:
        """Do it, and say how it ended."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        self.out, self.notes = terminal.console(self.stdout), terminal.console(self.stderr)
        try:
            self.foundry = _foundry(options.pop("url"), options.pop("token"), options.pop("function"))
            _check(options)
            code = self.run(**options)
        except (FoundryError, credentials.MissingCredentialsError, OSError, ValueError) as error:
            code = self._failed(error)
        except KeyboardInterrupt:
            code = Exit.INTERRUPTED
        if code:
            sys.exit(code)

    def _failed(self, error: Exception) -> Exit:
        if isinstance(error, BrokenPipeError):  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())
        elif isinstance(error, OSError) and error.filename:
            self._tell(f"{error.filename}: {error.strerror}.")
        else:
            self._tell(str(error))
            if "`defaults`" in str(error):
                self.notes.print(report.DEFAULTS, style="dim", soft_wrap=True)
        return Exit.ERROR

    def _tell(self, message: str) -> None:
        self.notes.print(message, style="red", soft_wrap=True)

    def write_json(self, value: Any) -> None:
        """The one document on standard output."""
        self.stdout.write(json.dumps(value, indent=2, default=_plain, ensure_ascii=False), ending="\n")

    def wait_for(self, request: Request, *, timeout: float | None, as_json: bool, rows: int = report.ROWS) -> Exit:
        """Wait, show what came out, and say how it ended."""
        try:
            ended = watch(self.notes, self.foundry, request, timeout=timeout)
        except TimeoutError as error:
            self.notes.print(f"{error} Come back to it: {_come_back(request)}", soft_wrap=True)
            return Exit.TIMED_OUT
        except KeyboardInterrupt:
            self.notes.print(f"The request goes on. Come back to it: {_come_back(request)}", soft_wrap=True)
            self.notes.print(f"Or end it: manage.py cancel {request.id}", soft_wrap=True)
            return Exit.INTERRUPTED
        if as_json:
            self.write_json(ended)
        else:
            report.show_results(self.out, self.foundry, ended, rows=rows)
        return exits.of(ended.state)


def _foundry(url: str | None, token: str | None, function: str | None) -> Foundry:
    if function is None:
        found = credentials.find(url, token)
        return Foundry(found.url, found.token)
    if url is not None:
        raise ValueError("Give either --url or --lambda.")
    return Foundry(token=token, function=function)


def _check(options: dict[str, Any]) -> None:
    """Raises ValueError about arguments that cannot be or would be ignored."""
    if options.get("id") is not None and not _is_uuid(options["id"]):
        raise ValueError(f"{options['id']!r} is not a request id; see `manage.py status`.")
    if options.get("timeout") is not None and not options["wait"]:
        raise ValueError("--timeout goes with --wait.")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def add_waiting(parser: CommandParser) -> None:
    """The arguments of commands that can wait."""
    parser.add_argument("--wait", action="store_true", help="wait until the request has ended, and show its results")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="wait at most that long")
    parser.add_argument("--rows", type=int, default=report.ROWS, help="rows of the result table (default: %(default)s)")


def add_json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output, all else on error")


def _come_back(request: Request) -> str:
    return f"manage.py status {request.id} --wait"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value))
