"""Builds a stage's package with Zappa's own command, without AWS."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import DeployError
from deploy.stages import ROOT, Stage


def package(stage: Stage, path: Path, variables: Mapping[str, str] = os.environ) -> Path:
    """Write the stage's package to the path, with those variables around. Raises DeployError with Zappa's words."""
    command = [str(Path(sys.executable).with_name("zappa")), "package", stage.name, "-o", str(path.resolve())]
    with tempfile.TemporaryDirectory(prefix="foundry-", dir=_memory()) as folder:
        environment = {**variables, "TMPDIR": folder}
        finished = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    if finished.returncode or not path.exists():
        raise DeployError(f"{' '.join(command)}:\n{finished.stdout}{finished.stderr}")
    return path


def _memory() -> Path | None:
    """Zappa copies thousands of files twice and removes them; where there is memory for files, that takes no time."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
    return memory if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) else None
