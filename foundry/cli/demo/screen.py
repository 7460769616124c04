"""What the demo tells when all is ready."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from rich.console import Console
from rich.text import Text

from foundry.cli.credentials import Credentials, demo_path
from foundry.environment import CONSOLE


def show(console: Console, demo: Credentials) -> None:
    """Where it is, and lines to paste; they are not wrapped, so that they work when pasted."""
    console.print()
    console.rule(Text("Foundry is running", "bold green"), style="green")
    for heading, value in _facts(demo):
        console.print(Text.assemble((f"{heading:<10}", "bold"), value), soft_wrap=True)
    for heading, lines in (("With curl", curl(demo)), ("With Python", python(demo)), ("From here", command_line())):
        console.print(f"\n{heading}", style="bold")
        console.print(lines, soft_wrap=True, style="cyan")
    console.print("\nCtrl-C stops all of it; the data stay.", style="bold")


def _facts(demo: Credentials) -> Iterator[tuple[str, str]]:
    home = Path(settings.FOUNDRY_HOME)
    data = "the database of DATABASE_URL" if settings.DATABASE_URL else _short(home / "postgres")
    yield "Portal", f"{demo.url}/  (sign in as demo with the password {demo.password})"
    yield "API docs", f"{demo.url}/api/v1/docs"
    yield "Token", f"{demo.token}  (of this run, also in {_short(demo_path())})"
    yield "Data", f"{data}, logs in {_short(home)}/*.log"
    if settings.FOUNDRY_MAIL_URL == CONSOLE:
        yield "Mail", f"not sent, but written into {_short(home / 'worker.log')}"


def curl(demo: Credentials) -> str:
    return (
        f"curl -H 'Authorization: Bearer {demo.token}' \\\n"
        f"  -F service=compute-dna -F files=@{shlex.quote(_example())} {demo.url}/api/v1/requests"
    )


def python(demo: Credentials) -> str:
    return (
        f'{_interpreter()} -c "\n'
        "from foundry.client import Foundry\n"
        f"foundry = Foundry('{demo.url}', '{demo.token}')\n"
        f"request = foundry.wait(foundry.submit('compute-dna', files=['{_example()}']))\n"
        "print([result.values['gc_content'] for result in foundry.results(request)])\""
    )


def command_line() -> str:
    return f"{_interpreter()} manage.py submit {shlex.quote(_example())} --service compute-dna --wait"


def _interpreter() -> str:
    return shlex.quote(_short(Path(sys.executable)))


def _example() -> str:
    return _short(Path(settings.BASE_DIR) / "examples" / "pUC19.gb")


def _short(path: Path) -> str:
    """As seen from here, if it is below."""
    return str(path.relative_to(os.getcwd())) if path.is_relative_to(os.getcwd()) else str(path)
