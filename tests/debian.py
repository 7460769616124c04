"""Programs of Debian's packages that tests need: unpacked beside the project's data, where nobody may install them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_TOOLS = Path(__file__).resolve().parent.parent / ".foundry" / "tools"


class NotToBeHadError(Exception):
    """The program is neither installed nor can it be had; the message says why."""


def unpacked(name: str, packages: Sequence[str]) -> Path:
    """A folder with the packages and what an installation would add to this machine. Raises NotToBeHadError."""
    root = _TOOLS / name
    if not root.exists():
        _unpack(root, packages)
    return root


def libraries(root: Path) -> str:
    """For LD_LIBRARY_PATH."""
    return ":".join(map(str, [*root.glob("usr/lib/*-linux-*"), *root.glob("lib/*-linux-*")]))


def _unpack(root: Path, packages: Sequence[str]) -> None:
    """Under another name first: several may be at it, and an interruption leaves nothing that looks complete."""
    if not shutil.which("apt-get"):
        raise NotToBeHadError(f"{packages[0]} is not installed, and there is no apt-get to fetch it with.")
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        _download(Path(folder), packages)
        for package in Path(folder).glob("*.deb"):
            run("dpkg", "-x", str(package), f"{folder}/root", where=folder)
        if not root.exists():
            Path(folder, "root").rename(root)


def _download(folder: Path, packages: Sequence[str]) -> None:
    """With the lists of packages that the machine has, or else with lists of our own, which need no right to its."""
    try:
        return _download_listed(folder, packages, [])
    except NotToBeHadError:
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "archives" / "partial").mkdir(parents=True)
        ours = ["-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User="]
        run("apt-get", *ours, "update", where=folder)
        return _download_listed(folder, packages, ours)


def _download_listed(folder: Path, packages: Sequence[str], options: Sequence[str]) -> None:
    plan = run("apt-get", *options, "install", "--simulate", "--no-install-recommends", *packages, where=folder)
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    run("apt-get", *options, "download", *names, where=folder)


def run(*command: str, where: Path | str = "/") -> str:
    """What it prints. Raises NotToBeHadError."""
    variables = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=where, env=variables, capture_output=True, text=True, timeout=300, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotToBeHadError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise NotToBeHadError(f"{' '.join(command)}: {done.stderr.strip()[-400:]}")
    return done.stdout
