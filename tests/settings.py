"""The settings of the tests: an embedded database of their own that need not outlive a crash, and the toy services."""

import os
from pathlib import Path

os.environ.setdefault("FOUNDRY_TESTING", "1")
os.environ.setdefault("FOUNDRY_HOME", str(Path(__file__).resolve().parent.parent / ".foundry" / "test"))
os.environ.setdefault("FOUNDRY_SERVICES", "services,tests.toys")
os.environ.setdefault("FOUNDRY_DISPATCHER", "foundry.dispatch.inline.InlineDispatcher")

from foundry.settings import *  # noqa: F403
