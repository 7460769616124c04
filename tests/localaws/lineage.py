"""Loops: a function that invokes itself again and again is stopped, as Lambda's recursion detection does.

The trace header carries through how many invocations of which functions an invocation came; AWS's SDKs pass it on.
"""

from __future__ import annotations

import re
import secrets
import time
import zlib

from tests.localaws.versions import Version

#: Lambda stops a chain after about this many invocations of the same function.
LIMIT = 16


def extended(trace: str, version: Version) -> str:
    """The trace header of an invocation of `version` that was made with `trace`."""
    root = re.search(r"Root=([\w-]+)", trace)
    counts = _counts(trace)
    counts[_mark(version)] = counts.get(_mark(version), -1) + 1
    told = "|".join(f"{mark}:{count}" for mark, count in counts.items())
    made = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root[1] if root else made};Parent={secrets.token_hex(8)};Sampled=0;Lineage={told}"


def is_loop(trace: str, version: Version) -> bool:
    """Whether an invocation with this trace comes from too many invocations of the same function."""
    return _counts(trace).get(_mark(version), 0) >= LIMIT


def _mark(version: Version) -> str:
    return f"{zlib.crc32(version.arn.encode()):08x}"


def _counts(trace: str) -> dict[str, int]:
    told = re.search(r"Lineage=([^;]*)", trace)
    return {mark: int(count) for mark, count in re.findall(r"(\w+):(\d+)", told[1] if told else "")}
