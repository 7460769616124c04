#!/usr/bin/env python3
"""Django's command line for this project, in the project's own environment whoever calls it."""

import os
import sys
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parent / ".venv"


def main() -> None:
    """Run the command; what is wrong with the settings or the database is said in a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "foundry.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Settings: {error}")
    except OperationalError as error:
        sys.exit(f"Database: {error}".rstrip())


def run_in_environment() -> None:
    """Once more with the environment's Python, if this one is another."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        sys.exit("The environment is not set up yet: run 'make run' once.")
    os.execv(python, [str(python), *sys.argv])  # noqa: S606


if __name__ == "__main__":
    if Path(sys.prefix) == ENVIRONMENT or not ENVIRONMENT.exists():
        main()
    else:
        run_in_environment()
