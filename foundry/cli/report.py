"""A request as people see it on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from rich.console import Console
from rich.text import Text

from foundry.cli import terminal
from foundry.cli.values import show_values
from foundry.client import Cost, Foundry, RefusedItem, Request, Result

#: Rows of a result table, and failed items listed under it.
ROWS = 10


#: Said with a message of the API that names `defaults`.
DEFAULTS = "On the command line, `--set field=value` states a value for all items that give none."


def show_submitted(console: Console, request: Request, *, refused: bool = True) -> None:
    """What was accepted, and what of it was not."""
    count = f"{request.items.total:,} item{'s' if request.items.total != 1 else ''}"
    when = "submitted before" if request.replayed else "submitted"
    console.print(f"Request {request.id} {when}: {request.service} {request.version}, {count}.", soft_wrap=True)
    if refused:
        _show_errors(console, [(one, one.message) for one in request.refused])


def show_results(console: Console, foundry: Foundry, request: Request, *, rows: int = ROWS) -> None:
    """The service's columns of the first items, the first failed items, and a line that sums up."""
    succeeded = list(islice(foundry.results(request, "succeeded"), rows))
    if succeeded:
        show_values(console, foundry.service(request.service).columns, succeeded)
        console.print()
    failed = list(islice(foundry.results(request, "failed"), rows if request.items.failed else 0))
    _show_errors(console, [(one, one.error.message) for one in failed if one.error])
    console.print(_summary(request))
    if more := request.items.done - len(succeeded) - len(failed):
        console.print(f"{more:,} more: manage.py results {request.id} --csv", style="dim", soft_wrap=True)


def _show_errors(console: Console, errors: Sequence[tuple[Result | RefusedItem, str]]) -> None:
    if errors:
        rows = [(item.position, item.name, Text(terminal.cell(message), "red")) for item, message in errors]
        console.print(terminal.table(["#", "Name", "Error"], rows))
    if any("`defaults`" in message for _, message in errors):
        console.print(DEFAULTS, style="dim", soft_wrap=True)


def _summary(request: Request) -> Text:
    counts = request.items
    parts = [(counts.succeeded, "succeeded"), (counts.failed, "failed"), (counts.waiting, "without a result")]
    told = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    duration = ""
    if request.finished_at:
        seconds = (request.finished_at - request.created_at).total_seconds()
        duration = f" in {seconds:.1f} s"
        if not _waited(request) and counts.done > max(1, seconds):
            duration += f" ({counts.done / seconds:,.0f} items/s)"
    return Text.assemble(terminal.state(request.state), f": {told}{duration}")


def _waited(request: Request) -> bool:
    """Whether others were computed first, so that its duration says nothing of its speed."""
    started = request.started_at or request.created_at
    return request.finished_at == request.created_at or (started - request.created_at).total_seconds() > 1


def show_request(console: Console, request: Request) -> None:
    """All there is to know about one request, a line each."""
    for heading, value in _facts(request):
        console.print(Text.assemble((f"{heading:<10}", "bold"), value))


def _facts(request: Request) -> list[tuple[str, str | Text]]:
    facts: list[tuple[str, Any]] = [
        ("Request", request.id),
        ("Service", f"{request.service} {request.version}"),
        ("Label", request.label),
        ("Tags", ", ".join(request.tags)),
        ("State", _summary(request)),
        ("Owner", f"{request.owner} of {request.team}"),
        ("Priority", request.priority),
        ("Created", request.created_at),
        ("Started", request.started_at),
        ("Finished", request.finished_at),
        ("Cost", _cost(request.cost)),
        ("Artifacts", ", ".join(artifact.name for artifact in request.artifacts)),
    ]
    return [(heading, value if isinstance(value, Text) else terminal.cell(value)) for heading, value in facts if value]


def _cost(cost: Cost | None) -> str:
    """Empty where time is not billed."""
    if cost is None:
        return ""
    return f"${cost.usd:.6f} for {cost.billed_ms:,} ms, by {'; '.join(cost.price_lists)}"


def show_requests(console: Console, requests: list[Request]) -> None:
    """A table of requests."""
    headings = ["Request", "Service", "Label", "Tags", "State", "Done", "Items", "Created"]
    rows = [
        (
            *(one.id, one.service, one.label, ", ".join(one.tags), terminal.state(one.state)),
            *(one.items.done, one.items.total, one.created_at),
        )
        for one in requests
    ]
    console.print(terminal.table(headings, rows) if rows else "No requests yet.")
