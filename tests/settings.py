"""The settings of the tests: an embedded database of their own that need not outlive a crash, and the toy services."""

import os
from pathlib import Path

os.environ.setdefault("FOUNDRY_TESTING", "1")
_home = Path(os.environ.get("FOUNDRY_HOME") or Path(__file__).resolve().parent.parent / ".foundry" / "test")
# Where several processes share the tests, each has a database server to itself; those that it starts meet it there.
_worker = os.environ.get("PYTEST_XDIST_WORKER", _home.name)
os.environ["FOUNDRY_HOME"] = str(_home if _home.name == _worker else _home / _worker)
# Tables are as wide as where there is no terminal, whatever that of the tests is.
os.environ.pop("COLUMNS", None)
os.environ.setdefault("FOUNDRY_SERVICES", "services,tests.toys")
os.environ.setdefault("FOUNDRY_DISPATCHER", "foundry.dispatch.inline.InlineDispatcher")

from foundry.settings import *  # noqa: E402, F403

#: Django's own way at a fraction of its price, which is meant to be high.
PASSWORD_HASHERS = ["tests.hashing.Quick"]
