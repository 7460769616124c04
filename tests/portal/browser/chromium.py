"""A real Chromium: the machine's own, or Debian's package, installed or else unpacked beside the project's data."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from tests import debian

_NAMES = ("chromium", "google-chrome", "google-chrome-stable")
#: For a machine that has no fonts.
_PACKAGES = ("chromium", "fonts-dejavu-core")
#: It looks for nothing outside, and runs as root and in containers.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@functools.cache
def program() -> tuple[str, dict[str, str]]:
    """The program and the variables it needs. Raises NotToBeHadError."""
    if found := _installed():
        return found, {}
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
        return _installed() or "/usr/bin/chromium", {}
    root = debian.unpacked("chromium", _PACKAGES)
    return str(root / "usr/lib/chromium/chromium"), _variables(root)


def _installed() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


def _install() -> None:
    install = ("apt-get", "install", "--yes", "--no-install-recommends", *_PACKAGES)
    try:
        debian.run(*install)
    except debian.NotToBeHadError:
        debian.run("apt-get", "update")
        debian.run(*install)


def _variables(root: Path) -> dict[str, str]:
    """So that it finds the libraries and the fonts that were unpacked with it."""
    fonts = {"FONTCONFIG_PATH": str(root / "etc" / "fonts")} if not Path("/etc/fonts").exists() else {}
    return {"LD_LIBRARY_PATH": debian.libraries(root), "XDG_DATA_HOME": str(root / "usr" / "share")} | fonts
