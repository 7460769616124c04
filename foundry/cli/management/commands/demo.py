"""manage.py demo, which is `make run`: start everything, compute the examples, serve until told to stop."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from rich.console import Console

from foundry.cli import terminal
from foundry.cli.credentials import Credentials, demo_path
from foundry.cli.demo import examples, platform, screen, single
from foundry.cli.demo.errors import DemoError
from foundry.cli.demo.processes import Processes
from foundry.cli.exits import Exit
from foundry.client import ConnectionFailedError, Foundry, FoundryError

_LOOK_EVERY_S = 0.5
#: The HTTP status of a fault on the server's side, and those above.
_BROKEN = 500


class Command(BaseCommand):
    help = "Start all of Foundry on this machine, compute the examples, and serve until Ctrl-C or SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", default="8000", help="where the API answers (default: %(default)s)")
        parser.add_argument("--once", action="store_true", help="stop after the results of the examples")

    def handle(self, *args: Any, **options: Any) -> None:
        console = terminal.console(self.stdout)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            code = _run(console, port=single.port(options["port"]), once=options["once"])
        except (DemoError, FoundryError, DatabaseError, OSError) as error:
            terminal.console(self.stderr).print(str(error), style="red", soft_wrap=True)
            code = Exit.ERROR
        except KeyboardInterrupt:
            code = Exit.INTERRUPTED
        if code:
            sys.exit(code)


def _run(console: Console, *, port: int, once: bool) -> Exit:
    home = Path(settings.FOUNDRY_HOME)
    with single.lock(home, console) as lock, Processes(home=home, lock=lock) as processes:
        try:
            demo = _start(console, processes, port)
            code = _compute(console, processes, demo)
            if once:
                return code
            _serve(console, processes, demo)
            return Exit.OK
        finally:
            demo_path().unlink(missing_ok=True)


def _start(console: Console, processes: Processes, port: int) -> Credentials:
    single.check_port(port)
    began = time.monotonic()
    with console.status("Starting the database ..."):
        platform.prepare()
        demo = platform.sign_in(f"http://{single.HOST}:{port}")
        connection.close()
    with console.status("Starting the web server and the worker ..."):
        platform.set_environment(demo.url)
        processes.start_worker()
        processes.start_web(port)
    console.print(f"Database, web server and worker run at {demo.url} after {time.monotonic() - began:.1f} s.")
    return demo


def _compute(console: Console, processes: Processes, demo: Credentials) -> Exit:
    try:
        return examples.compute(console, Foundry(demo.url, demo.token), processes.check)
    except ConnectionFailedError:
        processes.check()  # knows why
        raise
    except FoundryError as error:
        if error.status is None or error.status < _BROKEN:
            raise
        raise processes.web_error(error.status) from error


def _serve(console: Console, processes: Processes, demo: Credentials) -> None:
    """Until told to stop. Raises DemoError if a process ends by itself."""
    try:
        screen.show(console, demo)
        while True:
            processes.check()
            time.sleep(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        console.print("Stopping ...")
