"""A virtual environment of links, for Zappa to package: it takes all of the one it is run from, tools for tests too."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from zappa.utilities import get_venv_from_python_version

from deploy import contents
from deploy.stages import Stage


def build(stage: Stage) -> Path:
    """An environment with the files that the stage's function needs; it lasts as long as this process."""
    environment = Path(tempfile.mkdtemp(prefix="foundry-environment-"))
    atexit.register(shutil.rmtree, environment)
    packages = environment / "lib" / get_venv_from_python_version() / "site-packages"
    for place, file in contents.files(contents.distributions(stage)).items():
        link = packages / place
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)
    return environment
