"""manage.py worker: compute jobs on this machine."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from foundry import catalog
from foundry.dispatch.supervisor import Supervisor


class Command(BaseCommand):
    help = "Compute jobs on this machine until stopped (SIGTERM or Ctrl-C), one process a slot."
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slots", type=int, default=os.cpu_count() or 1, help="processes at once (default: cores)")

    def handle(self, *args: Any, **options: Any) -> None:
        services = ", ".join(catalog.services())
        self.stdout.write(f"{options['slots']} slots for {services}, release {settings.FOUNDRY_RELEASE}")
        self.stdout.flush()
        Supervisor(slots=options["slots"]).run()
