"""Makes a deployed function what it should be, or says where it is not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from deploy import budget, desired, variables
from deploy.errors import DeployError
from deploy.function import Function
from deploy.setting import Setting
from deploy.stages import Stage


def run(stage: Stage, options: argparse.Namespace) -> Iterator[str]:
    """A line for each setting. Raises DeployError for what differs with `--check`, or cannot be changed without."""
    variables.require(stage, *([variables.CONNECTIONS] if stage.production else []))
    if stage.production:
        yield from budget.report(stage)
    yield from check(stage) if options.check else apply(stage)


def apply(stage: Stage) -> Iterator[str]:
    """Change what is not as it should be."""
    function = Function(stage)
    for setting in desired.of(function):
        changes = setting.read() != setting.desired
        if changes:
            setting.write()
            if (found := setting.read()) != setting.desired:
                raise DeployError(f"{function.name}: {setting.name} stays {setting.show(found)} after it was changed.")
        yield _line("changed" if changes else "ok", function, setting)


def check(stage: Stage) -> Iterator[str]:
    """Say what is not as it should be, and change nothing."""
    function, differing = Function(stage), 0
    for setting in desired.of(function):
        found = setting.read()
        if found == setting.desired:
            yield _line("ok", function, setting)
        else:
            differing += 1
            yield f"{_line('drift', function, setting)} (is: {setting.show(found)})"
    if differing:
        raise DeployError(f"{function.name}: {differing} differ; `python -m deploy configure {stage.name}` mends it.")


def _line(state: str, function: Function, setting: Setting) -> str:
    return f"{state:<8} {function.name}  {setting.name}: {setting.show(setting.desired)}"
