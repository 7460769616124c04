"""The steps from a deployed version to the live release and away from it, each a command that the function runs."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import subprocess
from collections.abc import Iterator

from deploy import stages
from deploy.errors import DeployError
from deploy.function import OPERATOR, Function
from deploy.stages import ROOT, Stage

#: Versions of a function that is no release, such as the API's, that are kept to look at.
KEPT = 3


def manage(stage: Stage, *words: str) -> str:
    """What a management command prints, run by the function of the API, as an operator. Raises DeployError."""
    function = Function(stages.get(stage.api))
    answer = function.invoke({"manage": shlex.join(words)}, qualifier=OPERATOR)
    return str(answer["output"]).strip()


def migrate(stage: Stage) -> str:
    """Bring the database's tables up to date."""
    return manage(stage, "migrate", "--noinput")


def record(stage: Stage, *, share: float | None, by: str, commit: str) -> str:
    """The version that `configure` published gets the new requests of its services, or that share (0 to 1) of them."""
    of = _of_services(stage)
    if not of:
        return f"{stage.function} computes no service, so there is no release to record."
    candidate = [] if share is None else ["--share", str(share)]
    return manage(stage, "releases", "record", _release(stage), *of, "--commit", commit, "--by", by, *candidate)


def shift(stage: Stage, *, share: float, by: str) -> str:
    """Give the candidate another share of the new requests, 0 to 1."""
    return manage(stage, "releases", "shift", _release(stage), str(share), "--by", by)


def promote(stage: Stage, *, by: str) -> str:
    """The candidate becomes the live release."""
    return manage(stage, "releases", "promote", _release(stage), "--by", by)


def withdraw(stage: Stage, *, by: str) -> str:
    """The candidate of its services, whichever version it is, gets no new requests any more."""
    return manage(stage, "releases", "withdraw", *_of_services(stage), "--by", by)


def rollback(stage: Stage, *, version: str | None, by: str) -> str:
    """The release of that version is live; without one the candidate is withdrawn, or the one before is live again.

    A candidate is withdrawn in any case.
    """
    if version:
        return manage(stage, "releases", "rollback", f"{stage.function}:{version}", "--by", by)
    return manage(stage, "releases", "rollback", *_of_services(stage), "--by", by)


def prune(stage: Stage, *, by: str, keep: int) -> Iterator[str]:
    """Remove the function's versions that nothing needs, but for the last `keep` to roll back to; a line for each.

    A release is marked first, so that it can no longer be made live. What an earlier run marked and did not remove is
    removed as well, and so are versions that never were a release.
    """
    function = Function(stage)
    for name in json.loads(manage(stage, "releases", "prunable", "--keep", str(keep), "--json")):
        if name.startswith(f"{function.name}:"):
            manage(stage, "releases", "pruned", name, "--by", by)
    releases = {row["release"] for row in json.loads(manage(stage, "releases", "list", "--json"))}
    for version in _superseded(function):
        name = f"{function.name}:{version}"
        if name not in releases:
            function.client.delete_function(FunctionName=function.name, Qualifier=version)
            yield f"removed {name}"


def _superseded(function: Function) -> list[str]:
    """Versions before the one that `configure` published last, but for the last few of a function without releases.

    And but for those behind an alias, which AWS would not remove.
    """
    current = function.alias(OPERATOR)
    if current is None:
        raise DeployError(
            f"{function.name} has no alias {OPERATOR}: run configure first, so that it is clear what to keep."
        )
    kept = function.aliased()
    older = [version for version in function.versions() if int(version) < int(current) and version not in kept]
    return older if stages.computed_by(function.stage) else older[:-KEPT]


def _of_services(stage: Stage) -> list[str]:
    """As options, those whose jobs the stage's function computes."""
    return [word for service in stages.computed_by(stage) for word in ("--service", service.name)]


def _release(stage: Stage) -> str:
    return Function(stage).release()


def who() -> str:
    """Who deploys: the actor of a CI run, or the user of this machine."""
    return os.environ.get("GITHUB_ACTOR") or getpass.getuser()


def commit() -> str:
    """What is deployed: the commit of a CI run, or the one that is checked out; empty if there is none."""
    command = ["git", "rev-parse", "HEAD"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return os.environ.get("GITHUB_SHA") or found.stdout.strip()
