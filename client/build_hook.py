"""Brings the client's code into the distribution: from the checkout, or from the sdist that has it already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClientCode(BuildHookInterface):
    """Adds the package `foundry.client`, and of `foundry` only what makes it a package with types."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds."""
        root = Path(self.root)
        code = root if (root / "foundry").is_dir() else root.parent
        wanted = [code / "foundry" / "__init__.py", *sorted((code / "foundry" / "client").glob("*.py"))]
        build_data["force_include"] |= {str(file): str(file.relative_to(code)) for file in wanted}
        typed = code / "foundry" / "client" / "py.typed"
        build_data["force_include"] |= {str(typed): "foundry/py.typed"}
        if self.target_name == "sdist":
            build_data["force_include"][str(typed)] = "foundry/client/py.typed"
