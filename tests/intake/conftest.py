from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from foundry.intake import Record, Upload, read

type Intake = Callable[..., list[Record]]

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.fixture
def intake() -> Intake:
    """Read one file, or several, each as its name and its content."""

    def intake(*files: tuple[str, str | bytes], max_items: int = 1000, max_bytes: int = 5_000_000) -> list[Record]:
        uploads = [Upload(name, text.encode() if isinstance(text, str) else text) for name, text in files]
        return read(uploads, max_items=max_items, max_bytes=max_bytes)

    return intake


@pytest.fixture
def example() -> Callable[[str], tuple[str, bytes]]:
    return lambda name: (name, (EXAMPLES / name).read_bytes())
