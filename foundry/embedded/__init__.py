"""The PostgreSQL that Foundry brings along: used unless DATABASE_URL names another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foundry.embedded.programs import EmbeddedPostgresError
from foundry.embedded.server import Server

__all__ = ["EmbeddedPostgresError", "Server", "settings"]


def settings(home: Path, *, durable: bool = True) -> dict[str, Any]:
    """An entry of Django's DATABASES; the server keeps its data under `home` and starts with the first connection."""
    server = Server(home, durable=durable)
    return {
        "ENGINE": "foundry.embedded",
        "NAME": server.DATABASE,
        "USER": server.USER,
        "HOST": str(server.socket_dir),
        "PORT": server.PORT,
        "SERVER": server,
    }
