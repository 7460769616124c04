"""Packages as `zappa package` makes them: built once, and again only when their sources change."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import build, stages

_SOURCES = ("foundry", "services", "tests/toys", "deploy", "zappa_settings.json", "requirements.txt")


@pytest.fixture(scope="session")
def package() -> Callable[..., Path]:
    """The path of a stage's package, with the services of those packages."""
    kept = Path(tempfile.gettempdir()) / f"foundry-packages-{os.getuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    content = _content()

    def get(stage: str, services: str = "services") -> Path:
        path = kept / f"{stage}-{services}-{content}.zip"
        if not path.exists():
            for outdated in kept.glob(f"{stage}-{services}-*.zip"):
                outdated.unlink()
            variables = {**os.environ, "FOUNDRY_SERVICES": services}
            build.package(stages.get(stage), unfinished := path.with_suffix(f".{os.getpid()}"), variables)
            unfinished.rename(path)
        return path

    return get


def _content() -> str:
    """Tells packages of other sources apart."""
    hashed = hashlib.sha256(sys.version.encode())
    for source in _SOURCES:
        top = stages.ROOT / source
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                hashed.update(f"{path.relative_to(stages.ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    return hashed.hexdigest()[:16]
