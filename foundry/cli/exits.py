"""How a command ends, for scripts."""

from __future__ import annotations

from enum import IntEnum

from foundry.client import RequestState


class Exit(IntEnum):
    OK = 0
    #: Wrong use, no connection, or an error from Foundry; the message is on standard error.
    ERROR = 1
    # 2 is argparse's.
    PARTIAL = 3
    FAILED = 4
    CANCELLED = 5
    TIMED_OUT = 6
    INTERRUPTED = 130


HELP = (
    "Exit codes: 0 done (and, with --wait, succeeded); 1 an error, told on standard error; 2 wrong arguments; with "
    "--wait also 3 some items failed; 4 all items failed; 5 cancelled; 6 timed out; 130 interrupted."
)

_OF_STATE = {
    RequestState.PARTIAL: Exit.PARTIAL,
    RequestState.FAILED: Exit.FAILED,
    RequestState.CANCELLED: Exit.CANCELLED,
}


def of(state: RequestState) -> Exit:
    """What a request that ended in that state comes to."""
    return _OF_STATE.get(state, Exit.OK)
