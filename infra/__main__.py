"""`python -m infra up|env|down STAGE`: make, read and remove a stage's stacks."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy.errors import DeployError
from infra import stacks
from infra.stacks import InfraError


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _VERBS[options.verb](options)
    except (InfraError, DeployError, ClientError, BotoCoreError) as error:
        print(f"infra: {error}", file=sys.stderr)  # noqa: T201 (a command)
        return 1
    return 0


def up(options: argparse.Namespace) -> None:
    """Create or update: without names all that must be there before the deploy."""
    client = boto3.Session().client("cloudformation")
    chosen = stacks.of(options.stage, tuple(options.stacks) or stacks.BEFORE_DEPLOY)
    values = _values(options.set)
    unknown = set(values) - set().union(*(stacks.asked(client, stack) for stack in chosen))
    if unknown:
        raise InfraError(f"No template of {', '.join(stack.name for stack in chosen)} asks for {', '.join(unknown)}.")
    for stack in chosen:
        _say(stack, stacks.apply(client, stack, values))


def env(options: argparse.Namespace) -> None:
    """Print NAME=value lines: what `zappa deploy` and `python -m deploy` read from the environment."""
    for name, value in stacks.variables(boto3.Session().client("cloudformation"), options.stage):
        line = f"export {name}={shlex.quote(value)}" if options.shell else f"{name}={value}"
        print(line)  # noqa: T201 (a command)


def down(options: argparse.Namespace) -> None:
    """Delete: without names all but the network, which other stages use too."""
    client = boto3.Session().client("cloudformation")
    kinds = tuple(options.stacks) or stacks.ORDER[1:]
    for stack in reversed(stacks.of(options.stage, kinds)):
        _say(stack, stacks.remove(client, stack))


_VERBS = {"up": up, "env": env, "down": down}


def _say(stack: stacks.Stack, what: str) -> None:
    print(f"{stack.name}: {what}", flush=True)  # noqa: T201 (a command)


def _values(pairs: list[str]) -> Mapping[str, str]:
    return dict(pair.split("=", 1) for pair in pairs)


def _pair(text: str) -> str:
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not Name=value")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, function in _VERBS.items():
        one = verbs.add_parser(verb, help=function.__doc__, description=function.__doc__)
        one.add_argument("stage", help="production, review, ...")
        if verb != "env":
            one.add_argument("stacks", nargs="*", metavar="stack", help=", ".join(stacks.ORDER))
        else:
            one.add_argument("--shell", action="store_true", help="as a shell's `eval` takes them")
        if verb == "up":
            one.add_argument("--set", action="append", default=[], type=_pair, metavar="Name=value")
    return parser


if __name__ == "__main__":
    sys.exit(main())
