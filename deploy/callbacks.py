"""What Zappa calls. It loads this file alone, by its path, so the project is not on Python's path yet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def settings(cli: Any) -> None:
    """After Zappa read zappa_settings.json."""
    from deploy.settings import fill

    fill(cli)


def package(cli: Any) -> None:
    """After Zappa made the package."""
    from deploy.package import rewrite

    rewrite(Path(cli.zip_path))
