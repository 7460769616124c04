"""What `manage.py check` finds where slots are Lambda invocations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from foundry import catalog
from foundry.aws.task import MARGIN_S

DISPATCHER = "foundry.aws.dispatcher.LambdaDispatcher"
_LONGEST_INVOCATION_S = 900


@register
def check_timeouts(app_configs: Any, **options: Any) -> Sequence[CheckMessage]:
    """No job may take longer than an invocation."""
    if settings.FOUNDRY_DISPATCHER != DISPATCHER:
        return []
    most = _LONGEST_INVOCATION_S - MARGIN_S - 1
    return [
        Error(
            f"{service.name}: jobs may take {service.limits.timeout_s} s, a Lambda invocation computes for {most} s.",
            hint="Lower limits.timeout_s, and save_every in its slicing to go on in another invocation.",
            id="foundry.E004",
        )
        for service in catalog.services().values()
        if service.limits.timeout_s > most
    ]
