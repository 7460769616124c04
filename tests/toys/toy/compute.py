import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence

from foundry.contract import Entry, ItemError, Outcome
from tests.toys.toy import ToyItem, ToyOptions

#: What was computed in this process, for tests that run inline.
seen: list[ToyItem] = []


def compute(items: Sequence[ToyItem], options: ToyOptions) -> list[Outcome]:
    seen.extend(items)
    return [_outcome(item, options) for item in items]


def _outcome(item: ToyItem, options: ToyOptions) -> Outcome:
    time.sleep(item.seconds)
    match item.do:
        case "err":
            return ItemError(code="toy_error", message="It was told to err.", field="do")
        case "raise":
            raise RuntimeError("It was told to raise.")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hoard":
            return {"number": len(bytearray(1 << 30))}
        case "fork":
            subprocess.run(["sleep", "777"], check=True)
        case "stick":
            sum(itertools.repeat(0))  # in C, for ever: no signal is heard there
    return {"number": item.number * options.factor}


def text(entries: Iterable[Entry], options: ToyOptions) -> Iterator[str]:
    for entry in entries:
        yield f"{entry.position} {entry.result['number'] if entry.result else entry.error.code}\n"
