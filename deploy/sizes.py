"""What the packages weigh, and what they may."""

from __future__ import annotations

import dataclasses
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

from deploy import build
from deploy.errors import DeployError
from deploy.stages import Stage

#: The largest package of each stage, in MB as uploaded. AWS takes 250 MB unpacked; what is small starts sooner.
#: numpy takes 15 of each, psycopg2 4, Django 4.
BUDGET = {
    "development": 40,
    "review": 40,
    "production": 40,
    "production_compute_dna": 36,
    "production_screen_synthesis": 31,
}
_MB = 1_000_000
_PARTS = 6


@dataclasses.dataclass(frozen=True)
class Size:
    """A package's size in bytes."""

    packed: int
    unpacked: int
    files: int
    #: The largest distributions and folders, each with its packed size.
    parts: list[tuple[str, int]]


def measure(package: Path) -> Size:
    """The size of a package and of its largest parts."""
    parts: Counter[str] = Counter()
    with zipfile.ZipFile(package) as opened:
        entries = opened.infolist()
    for entry in entries:
        parts[entry.filename.partition("/")[0].removesuffix(".libs")] += entry.compress_size
    unpacked = sum(entry.file_size for entry in entries)
    return Size(package.stat().st_size, unpacked, len(entries), parts.most_common(_PARTS))


def report(stage: Stage) -> str:
    """Build the stage's package and say what it weighs. Raises DeployError if that is too much."""
    with tempfile.TemporaryDirectory() as folder:
        size = measure(build.package(stage, Path(folder) / "package.zip"))
    parts = ", ".join(f"{name} {packed / _MB:.1f}" for name, packed in size.parts)
    line = (
        f"{stage.function}: {size.packed / _MB:.1f} MB of {BUDGET[stage.name]}, "
        f"unpacked {size.unpacked / _MB:.1f} MB in {size.files} files; {parts}"
    )
    if size.packed > BUDGET[stage.name] * _MB:
        raise DeployError(f"{line}. Over budget: see what is new in it, or raise deploy/sizes.py's BUDGET.")
    return line
