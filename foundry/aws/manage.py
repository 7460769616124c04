"""Management commands that may be asked for with an event."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command

from foundry.aws.events import Manage, RefusedEventError

#: For whoever may invoke the function: what does no harm, with the flags that go with it.
_HARMLESS: Mapping[str, Collection[str]] = {
    "check": {"--deploy"},
    "migrate": {"--noinput", "--no-input", "--plan", "--check"},
    "releases": (),
    "showmigrations": {"--plan"},
    "sweep": (),
}
#: Of these, what changes the tables, and in production is for operators: it locks them, and belongs to a deployment.
_MIGRATES, _LOOKS = "migrate", frozenset({"--plan", "--check"})
#: For operators, with any arguments: what gives rights, takes data back, or decides what runs.
_FOR_OPERATORS = (*_HARMLESS, "costs", "token")


def run(asked: Manage, context: Any) -> dict[str, str]:
    """The command's output. Raises RefusedEventError, and whatever the command raises."""
    _require_permission(asked)
    output = io.StringIO()
    try:
        call_command(*asked.words, stdout=output)
    except SystemExit as end:
        if end.code:
            raise CommandError(f"{asked.words[0]} ended with {end.code}. {output.getvalue()}") from None
    finally:
        if not asked.by_operator:  # `zappa manage` shows the log only; what operators get may be a secret
            sys.stdout.write(output.getvalue())
    return {"output": output.getvalue()}


def _require_permission(asked: Manage) -> None:
    command, *arguments = asked.words or ("",)
    if command not in _FOR_OPERATORS:
        raise RefusedEventError(f"The command {command!r} is not on the list.", f"It has {', '.join(_FOR_OPERATORS)}.")
    if asked.by_operator or _is_harmless(command, set(arguments)):
        return
    raise RefusedEventError(
        f"{' '.join(asked.words)!r} is for operators.", "They invoke the function's alias 'operator' with it."
    )


def _is_harmless(command: str, arguments: set[str]) -> bool:
    if settings.PRODUCTION and command == _MIGRATES and not arguments & _LOOKS:
        return False
    return command in _HARMLESS and arguments <= set(_HARMLESS[command])
