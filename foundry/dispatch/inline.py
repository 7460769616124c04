"""Inline: jobs run in the process that submits them, before it goes on. For tests and scripts."""

from __future__ import annotations

from datetime import timedelta

from foundry.core.work import Slot, work


class InlineDispatcher:
    """Performs all that waits, in place."""

    def dispatch(self, *, service: str, release: str, slots: int) -> None:
        """Work through the queue once; more slots would find nothing."""
        work(Slot(service=service, release=release, name="inline", lease=timedelta(hours=1)))
