"""Tags: a few words by which people find their requests again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from foundry.core.errors import InvalidRequestError

MOST, LONGEST = 10, 50
_SEPARATOR = re.compile(r"[,;\n]+")


def parse(text: str) -> list[str]:
    """Tags as people write them in one field, separated by commas. Raises InvalidRequestError."""
    return check(_SEPARATOR.split(text))


def check(tags: Iterable[str]) -> list[str]:
    """Without blanks around them, in small letters, each once, in their order. Raises InvalidRequestError."""
    found = list(dict.fromkeys(tag for given in tags if (tag := " ".join(given.split()).lower())))
    if len(found) > MOST:
        raise InvalidRequestError(f"tags: a request has at most {MOST} tags, not {len(found)}.")
    for tag in found:
        if len(tag) > LONGEST or not tag.isprintable():
            raise InvalidRequestError(
                f"tags: a tag has at most {LONGEST} letters, on one line, unlike {tag[:LONGEST]!r}."
            )
    return found
