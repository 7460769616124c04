"""Libraries that only some of the client's functions need; the package asks for them as extras."""

from __future__ import annotations

import importlib
from typing import Any


def load(module: str, *, extra: str, purpose: str) -> Any:
    """The module. Raises ModuleNotFoundError, which says how to install it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ModuleNotFoundError(
            f"{purpose} needs {module}: pip install {module}, or the client with its extra: "
            f'pip install "./client[{extra}]" in a checkout of Foundry.',
            name=module,
        ) from None
