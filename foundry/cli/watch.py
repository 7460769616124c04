"""Wait for a request and show how far it is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from foundry.cli.terminal import shows_motion
from foundry.client import Foundry, Request

_LINE_EVERY_S = 5.0


def watch(
    console: Console,
    foundry: Foundry,
    request: Request,
    *,
    timeout: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> Request:
    """The request when it has ended. `check` is called with each look at it. Raises TimeoutError."""
    with _shown(console, request) as show:

        def look(now: Request) -> None:
            show(now)
            check()

        return foundry.wait(request, timeout=timeout, progress=look)


@contextmanager
def _shown(console: Console, request: Request) -> Iterator[Callable[[Request], None]]:
    if not shows_motion(console):
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        _RateColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(request.service, total=request.items.total)
        yield lambda now: progress.update(task, completed=now.items.done)


class _RateColumn(ProgressColumn):
    """Items a second."""

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed or (task.completed / task.elapsed if task.elapsed else 0)
        return Text(f"{rate:,.0f} items/s" if rate >= 1 else "", style="cyan")


class _Lines:
    """A line when something has changed, not too often."""

    def __init__(self, console: Console) -> None:
        self._console, self._began = console, time.monotonic()
        self._told_at, self._told = self._began, 0

    def __call__(self, request: Request) -> None:
        now, done = time.monotonic(), request.items.done
        if now - self._told_at < _LINE_EVERY_S or done == self._told:
            return
        rate = done / (now - self._began)
        left = request.items.waiting / rate
        self._console.print(f"{done:,} of {request.items.total:,} items, {rate:,.0f} items/s, about {left:,.0f} s left")
        self._told_at, self._told = now, done
