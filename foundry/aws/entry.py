"""The function that AWS calls. All that it needs is loaded with this module: then AWS gives it full speed, and what
fails to start is started anew, where Zappa would answer in a broken state."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any

from foundry.aws.events import (
    Context,
    Http,
    Make,
    Manage,
    RefusedEventError,
    Send,
    Submission,
    Sweep,
    Work,
    ends_at,
    recognise,
)

type _Answers = Mapping[type, Callable[[Any, Context], Any]]


def _start() -> _Answers:
    """Start as what the environment says; what answers to which kind of event."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "foundry.settings")
    service = os.environ.get("FOUNDRY_SERVICE")
    return _start_service(service) if service else _start_platform()


def _start_service(service: str) -> _Answers:
    """The slots of one service, with its libraries, and nothing else."""
    import django

    django.setup()
    from foundry import catalog
    from foundry.aws import task

    catalog.load(catalog.get(service).compute)
    return {Work: task.answer}


def _start_platform() -> _Answers:
    """Everything, and services' libraries only when one of their jobs comes."""
    from foundry.aws import http

    http.start()
    from foundry.aws import making, manage, postman, submission, task

    return {
        Http: http.answer,
        Submission: submission.submit,
        Work: task.answer,
        Make: making.answer,
        Sweep: _sweeper(),
        Send: postman.answer,
        Manage: manage.run,
    }


def _sweeper() -> Callable[[Any, Context], dict[str, int]]:
    """What slots that died had in hand is taken back first, so that the sweep asks for others."""
    from foundry.aws import failures, waiting
    from foundry.core.sweep import sweep
    from foundry.webhooks import turn

    def answer(asked: Any, context: Context) -> dict[str, int]:
        swept = {"lost": failures.take()} | dataclasses.asdict(sweep())
        waiting.tell()
        return swept | {"sent": turn.send_due(ends_at=ends_at(context))}

    return answer


_answers = _start()


def handler(event: Any, context: Context) -> Any:
    """Answer an event. Raises RefusedEventError for what this function does not do."""
    from foundry.core.compute import close_connection

    asked = recognise(event, context.invoked_function_arn)
    if type(asked) not in _answers:
        raise RefusedEventError("This function computes one service's jobs.", "It takes nothing but its task.")
    try:
        return _answers[type(asked)](asked, context)
    finally:
        close_connection()  # the environment may be frozen for long now
