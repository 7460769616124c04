"""Patterns of texts (simple regular expressions) in words, for people who never wrote one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_WHOLE = re.compile(r"\^(.*)\$", re.DOTALL)
_PART = re.compile(
    r"""(?: \[ (?P<no>\^?) (?P<any> (?: \\. | [^\]\\\[] )+ ) \]   # one of several characters
          | (?P<kind> \\[dw] | \. )
          | (?P<exact> \\[^\w\s] | [^\\.^$*+?{}()\[\]|] )
        )
        (?P<times> [*+?](?![*+?]) | \{\d+(?:,\d*)?\}(?![*+?]) )?""",
    re.VERBOSE,
)
#: With a place for the ending of the plural.
_KNOWN = {
    "0-9": "digit{}",
    r"\d": "digit{}",
    r"\w": "letter{0}, digit{0} or “_”",
    ".": "character{}",
    "A-Z": "capital letter{}",
    "a-z": "small letter{}",
    "A-Za-z": "letter{}",
    "a-zA-Z": "letter{}",
    "A-Za-z0-9": "letter{0} or digit{0}",
    "a-zA-Z0-9": "letter{0} or digit{0}",
    r"\x00-\x1f\x7f": "control character{}",
}
_TIMES = {"": "1", "?": "at most 1", "*": "any number of", "+": "1 or more"}


def in_words(pattern: str) -> str:
    """ "2 capital letters, then 1 or more digits" of ^[A-Z]{2}[0-9]+$; empty for patterns that are not so simple."""
    whole = _WHOLE.fullmatch(pattern)
    parts = list(_PART.finditer(whole[1])) if whole else []
    is_known = whole and sum(len(part[0]) for part in parts) == len(whole[1])
    return ", then ".join(_told_in_turn(parts)) if is_known else ""


def _told_in_turn(parts: Iterable[re.Match[str]]) -> Iterator[str]:
    """What must stand there as it is, together; all else part by part."""
    exact = ""
    for part in parts:
        if part["exact"] and not part["times"]:
            exact += part["exact"][-1]
            continue
        if exact:
            yield f"“{exact}”"
            exact = ""
        yield _told(part)
    if exact:
        yield f"“{exact}”"


def _told(part: re.Match[str]) -> str:
    count = _count(part["times"] or "")
    ending = "" if count in ("1", "at most 1") else "s"
    if part["exact"]:
        return f"{count} “{part['exact'][-1]}”"
    of = part["any"] or part["kind"]
    if part["no"]:
        return f"{count} character{ending} but {_KNOWN[of].format('s') if of in _KNOWN else f'“{of}”'}"
    return f"{count} {_KNOWN[of].format(ending) if of in _KNOWN else f'character{ending} of “{of}”'}"


def _count(times: str) -> str:
    if not times.startswith("{"):
        return _TIMES[times]
    least, comma, most = times.strip("{}").partition(",")
    if not comma or least == most:
        return least
    return f"{least} to {most}" if most else f"{least} or more"
