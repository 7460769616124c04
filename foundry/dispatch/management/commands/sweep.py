"""manage.py sweep: the sweep, once. A worker does it by itself every few seconds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from foundry.core.sweep import sweep


class Command(BaseCommand):
    help = "Requeue jobs that lost their slot, nudge for those that wait, remove what is past its retention. Once."

    def handle(self, *args: Any, **options: Any) -> None:
        swept = sweep()
        self.stdout.write(
            f"{swept.expired} expired, {swept.nudged} services nudged, {swept.removed} requests removed, "
            f"{swept.retired} releases retired"
        )
