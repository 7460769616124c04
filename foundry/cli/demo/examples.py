"""What the demo computes: the files in `examples/`, through the API as any user would send them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from rich.console import Console

from foundry.cli import exits, report
from foundry.cli.exits import Exit
from foundry.cli.watch import watch
from foundry.client import File, Foundry, RequestState

_DIRECTORY = Path(settings.BASE_DIR) / "examples"
_PLATE = 96


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    title: str
    service: str
    files: Sequence[File]
    rows: int
    expected: RequestState = RequestState.SUCCEEDED


def examples() -> list[Example]:
    """In the order in which they are shown."""
    plasmids = [_DIRECTORY / name for name in ("pUC19.gb", "pBAD30.gb", "phiX174.gb", "lambda.fasta.gz")]
    return [
        Example(title="Plasmids and phages", service="compute-dna", files=plasmids, rows=4),
        Example(title="300 designs", service="compute-dna", files=[_DIRECTORY / "designs.fasta"], rows=3),
        Example(title="20 primers, from a table", service="compute-dna", files=[_DIRECTORY / "oligos.csv"], rows=3),
        Example(title="A plate of the designs: can it be made?", service="screen-synthesis", files=[_plate()], rows=3),
        Example(
            title="Good records among faulty ones",
            service="compute-dna",
            files=[_DIRECTORY / "with-faults.fasta"],
            rows=10,
            expected=RequestState.PARTIAL,
        ),
    ]


def _plate() -> tuple[str, bytes]:
    """The first designs, as many as a plate has wells."""
    records = (_DIRECTORY / "designs.fasta").read_bytes().split(b"\n>")[:_PLATE]
    return "plate.fasta", b"\n>".join(records)


def _tell_unfinished(console: Console, foundry: Foundry) -> None:
    """What the worker does before the examples, so that nobody wonders why they wait."""
    unfinished = [*foundry.requests(state=RequestState.RUNNING), *foundry.requests(state=RequestState.QUEUED)]
    if count := sum(request.items.waiting for request in unfinished):
        items = f"{count:,} item{'s' if count > 1 else ''}"
        console.print(f"First finishing {items} of an earlier run; the examples wait for that ...", soft_wrap=True)


def compute(console: Console, foundry: Foundry, check: Callable[[], None]) -> Exit:
    """Submit the examples one after the other and show what comes out; not OK if one ends otherwise than expected.

    `check` is called now and then, and raises if they cannot be computed.
    """
    _tell_unfinished(console, foundry)
    code = Exit.OK
    for example in examples():
        console.print(f"\n{example.title}", style="bold")
        submitted = foundry.submit(example.service, files=example.files, label=example.title)
        ended = watch(console, foundry, submitted, check=check)
        report.show_results(console, foundry, ended, rows=example.rows)
        if ended.state != example.expected:
            console.print(f"This was expected to end as {example.expected}.", style="red")
            code = exits.of(ended.state) or Exit.ERROR
    return code
