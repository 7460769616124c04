"""Which Foundry the commands talk to, and as whom."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from pathlib import Path

from django.conf import settings


class MissingCredentialsError(Exception):
    """Nothing says where Foundry is, or who is asking; the message says how to say it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    url: str
    #: Not shown where the object is.
    token: str = dataclasses.field(repr=False)
    #: The demo's, for its pages; neither is this shown.
    password: str = dataclasses.field(default="", repr=False)


def find(url: str | None, token: str | None) -> Credentials:
    """What is given, else what the environment says, else the demo that runs here.

    The demo's token goes to the demo only. Raises MissingCredentialsError.
    """
    url, token = url or os.environ.get("FOUNDRY_URL"), token or os.environ.get("FOUNDRY_TOKEN")
    if demo := load_demo():
        url = url or demo.url
        token = token or (demo.token if url == demo.url else None)
    if not url:
        raise MissingCredentialsError(
            "No Foundry is known. Start one with `make run`, or give --url and --token, or set FOUNDRY_URL and "
            "FOUNDRY_TOKEN."
        )
    if not token:
        raise MissingCredentialsError(
            f"No token for {url} is known. Give --token or set FOUNDRY_TOKEN; `manage.py token create` makes one."
        )
    return Credentials(url, token)


def demo_path() -> Path:
    return Path(settings.FOUNDRY_HOME) / "demo.json"


def load_demo() -> Credentials | None:
    """Those of the demo, if one runs here or ended without removing them."""
    try:
        return Credentials(**json.loads(demo_path().read_text()))
    except (FileNotFoundError, PermissionError):
        return None


def save_demo(credentials: Credentials) -> None:
    """For this account's eyes only."""
    _save(demo_path(), json.dumps(dataclasses.asdict(credentials)))


def demo_password() -> str:
    """The same in each run, so that who is signed in stays so; another one when `.foundry` is removed."""
    path = Path(settings.FOUNDRY_HOME) / "demo.password"
    if not path.exists():
        _save(path, secrets.token_urlsafe(9))
    return path.read_text()


def _save(path: Path, content: str) -> None:
    """For this account's eyes only, and never half of it."""
    partial = path.with_name(f"{path.name}.part")
    partial.unlink(missing_ok=True)
    with open(partial, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
    partial.replace(path)
