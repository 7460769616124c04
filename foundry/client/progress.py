"""How far a request is, on a terminal or in a notebook: a bar where `rich` is installed, else one line that changes."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from foundry.client.model import Request


@contextmanager
def bar() -> Iterator[Callable[[Request], None]]:
    """Call what it gives with each look at the request."""
    if importlib.util.find_spec("rich"):
        with _rich_bar() as show:
            yield show
    else:
        yield _line
        sys.stderr.write("\n")


@contextmanager
def _rich_bar() -> Iterator[Callable[[Request], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("")

        def show(request: Request) -> None:
            told = f"{request.service} {request.state}"
            progress.update(task, description=told, total=request.items.total, completed=request.items.done)

        yield show


def _line(request: Request) -> None:
    told = f"{request.service} {request.state}: {request.items.done:,} of {request.items.total:,}"
    sys.stderr.write(f"\r{told:<72}")
    sys.stderr.flush()
