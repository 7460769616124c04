"""manage.py sweep: the sweep, once. A worker does it by itself every few seconds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from foundry.core.sweep import sweep
from foundry.webhooks.send import send_due


class Command(BaseCommand):
    help = "Requeue jobs that lost their slot, nudge for those that wait, send messages, remove what is too old. Once."

    def handle(self, *args: Any, **options: Any) -> None:
        swept = sweep()
        self.stdout.write(
            f"{swept.expired} expired, {swept.nudged} services nudged, {swept.removed} requests removed, "
            f"{swept.retired} releases retired, {send_due()} messages sent"
        )
        if swept.failed:
            raise CommandError(f"{swept.failed} steps of the sweep failed; the log says why.")
