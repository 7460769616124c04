import dataclasses
import time
from collections.abc import Iterable, Iterator

from foundry.contract import Artifact, Entry
from tests.toys.toy import ToyOptions, service

_HEAVY = Artifact(name="heavy.txt", title="Seven megabytes", media_type="text/plain", render=f"{__name__}:heavy")

#: Its artifact does not fit into an answer of Lambda, and takes as many seconds as the option `factor` says.
SERVICE = dataclasses.replace(service("toy-heavy"), artifacts=[_HEAVY])


def heavy(entries: Iterable[Entry], options: ToyOptions) -> Iterator[str]:
    for entry in entries:
        yield f"{entry.position}\n"
    time.sleep(options.factor)
    for number in range(7_000):
        yield f"{number:>999}\n"
