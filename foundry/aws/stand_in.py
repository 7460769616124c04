"""Imports Zappa's modules without boto3: its import takes as long as Django's, and `zappa.asynchronous` makes four
clients of it, of which one is needed, and that only when something is dispatched."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Session:
    """What Zappa finds as `boto3.Session` while it is imported."""

    def client(self, name: str) -> None:
        """Nothing: the dispatcher puts the one client that is needed in its place."""


def import_without_boto3(name: str) -> Any:
    """The module of that name; what it imports as boto3 and botocore are stand-ins."""
    boto3, botocore = ModuleType("boto3"), ModuleType("botocore")
    vars(boto3)["Session"] = _Session
    stand_ins = {"boto3": boto3, "botocore": botocore}
    real = {module: sys.modules[module] for module in stand_ins if module in sys.modules}
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module(name)
    finally:
        for module in stand_ins:
            del sys.modules[module]
        sys.modules.update(real)
