"""A real Chromium: the machine's own, or Debian's package, installed or else unpacked beside the project's data."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_NAMES = ("chromium", "google-chrome", "google-chrome-stable")
_UNPACKED = Path(__file__).resolve().parents[3] / ".foundry" / "tools" / "chromium"
#: For a machine that has no fonts.
_PACKAGES = ("chromium", "fonts-dejavu-core")
#: It looks for nothing outside, and runs as root and in containers.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class NoChromiumError(Exception):
    """It is neither installed nor can it be had; the message says why."""


@functools.cache
def program() -> tuple[str, dict[str, str]]:
    """The program and the variables it needs. Raises NoChromiumError."""
    if found := _installed():
        return found, {}
    if not shutil.which("apt-get"):
        raise NoChromiumError("Chromium is not installed, and there is no apt-get to fetch it with.")
    if os.geteuid() == 0:
        _install()
        return _installed() or "/usr/bin/chromium", {}
    if not _UNPACKED.exists():
        _unpack()
    return str(_UNPACKED / "usr/lib/chromium/chromium"), _variables(_UNPACKED)


def _installed() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


def _install() -> None:
    install = ("apt-get", "install", "--yes", "--no-install-recommends", *_PACKAGES)
    try:
        _run(*install)
    except NoChromiumError:
        _run("apt-get", "update")
        _run(*install)


def _unpack() -> None:
    """Under another name first: several may be at it, and an interruption leaves nothing that looks complete."""
    _UNPACKED.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_UNPACKED.parent) as folder:
        _download(Path(folder))
        for package in Path(folder).glob("*.deb"):
            _run("dpkg", "-x", str(package), f"{folder}/root", where=folder)
        if not _UNPACKED.exists():
            Path(folder, "root").rename(_UNPACKED)


def _download(folder: Path) -> None:
    """With the lists of packages that the machine has, or else with lists of our own, which need no right to its."""
    try:
        return _download_listed(folder, [])
    except NoChromiumError:
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "archives" / "partial").mkdir(parents=True)
        ours = ["-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User="]
        _run("apt-get", *ours, "update", where=folder)
        return _download_listed(folder, ours)


def _download_listed(folder: Path, options: Sequence[str]) -> None:
    """What an installation would add to this machine."""
    plan = _run("apt-get", *options, "install", "--simulate", "--no-install-recommends", *_PACKAGES, where=folder)
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    _run("apt-get", *options, "download", *names, where=folder)


def _variables(root: Path) -> dict[str, str]:
    """So that it finds the libraries and the fonts that were unpacked with it."""
    folders = [*(root / "usr" / "lib").glob("*-linux-*"), *(root / "lib").glob("*-linux-*")]
    fonts = {"FONTCONFIG_PATH": str(root / "etc" / "fonts")} if not Path("/etc/fonts").exists() else {}
    return {"LD_LIBRARY_PATH": ":".join(map(str, folders)), "XDG_DATA_HOME": str(root / "usr" / "share")} | fonts


def _run(*command: str, where: Path | str = "/") -> str:
    variables = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=where, env=variables, capture_output=True, text=True, timeout=300, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoChromiumError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise NoChromiumError(f"{' '.join(command)}: {done.stderr.strip()[-400:]}")
    return done.stdout
