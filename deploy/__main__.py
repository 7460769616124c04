"""`python -m deploy VERB STAGE`: what a deployment needs beside `zappa deploy`, `update` and `undeploy`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable

from botocore.exceptions import BotoCoreError, ClientError

from deploy import budget, configure, releases, sizes, smoke, stages
from deploy.errors import DeployError
from deploy.stages import Stage

type _Run = Callable[[Stage, argparse.Namespace], Iterable[str]]
type _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def main(arguments: list[str] | None = None) -> int:
    """Run one verb for each stage. Returns the exit status: 0, or 1 if something is not as it should be."""
    options = _parser().parse_args(arguments)
    return max([_run(name, options) for name in options.stages])


def _run(name: str, options: argparse.Namespace) -> int:
    try:
        for line in options.run(stages.get(name), options):
            print(line, flush=True)  # noqa: T201
    except (DeployError, BotoCoreError, ClientError) as error:
        print(f"deploy: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    _verb(verbs, "sizes", lambda stage, _: [sizes.report(stage)], "build the package and show what it weighs")
    test = _verb(verbs, "configure", configure.run, "make the function what it should be")
    test.add_argument("--check", action="store_true", help="change nothing; exit with 1 if something differs")
    _verb(verbs, "budget", lambda stage, _: budget.report(stage), "hold concurrency against the database's connections")
    _verb(verbs, "migrate", lambda stage, _: [releases.migrate(stage)], "bring the database's tables up to date")
    _add_releases(verbs)
    test = _verb(
        verbs,
        "smoke",
        lambda stage, options: smoke.run(stage, timeout_s=options.timeout),
        "send each service its first example and wait for the results",
    )
    test.add_argument("--timeout", type=float, default=120, metavar="S", help="seconds a service (default: 120)")
    return parser


def _add_releases(verbs: _Verbs) -> None:
    record = _signed(
        verbs,
        "record",
        lambda stage, o: [releases.record(stage, share=o.candidate, by=o.by, commit=o.commit)],
        "new requests go to the version that was configured last",
    )
    record.add_argument("--candidate", type=float, metavar="SHARE", help="only this share of them, 0 to 1")
    record.add_argument("--commit", default=releases.commit(), help="what was deployed (default: %(default)s)")
    shift = _signed(
        verbs,
        "shift",
        lambda stage, o: [releases.shift(stage, share=o.share, by=o.by)],
        "give the candidate another share of the new requests",
    )
    shift.add_argument("--share", type=float, required=True, help="0 to 1")
    _signed(verbs, "promote", lambda stage, o: [releases.promote(stage, by=o.by)], "make the candidate live")
    _signed(verbs, "withdraw", lambda stage, o: [releases.withdraw(stage, by=o.by)], "end the candidate's share")
    rollback = _signed(
        verbs,
        "rollback",
        lambda stage, o: [releases.rollback(stage, version=o.to, by=o.by)],
        "withdraw the candidate; if there is none, make the release before live again; nothing is uploaded",
    )
    rollback.add_argument("--to", metavar="VERSION", help="which version of the function is live (default: see above)")
    prune = _signed(
        verbs,
        "prune",
        lambda stage, o: releases.prune(stage, by=o.by, keep=o.keep),
        "remove versions that nothing needs",
    )
    prune.add_argument("--keep", type=int, default=1, help="releases kept to roll back to (default: %(default)s)")


def _verb(verbs: _Verbs, name: str, run: _Run, help_: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=help_, description=help_)
    verb.add_argument("stages", nargs="+", metavar="STAGE", help="as zappa_settings.json names it")
    verb.set_defaults(run=run)
    return verb


def _signed(verbs: _Verbs, name: str, run: _Run, help_: str) -> argparse.ArgumentParser:
    verb = _verb(verbs, name, run, help_)
    verb.add_argument("--by", default=releases.who(), help="who does it (default: %(default)s)")
    return verb


if __name__ == "__main__":
    sys.exit(main())
