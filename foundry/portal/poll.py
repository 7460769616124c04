"""Pages that look again by themselves, ever more rarely, until what they show has ended or an hour is over.

`portal.js` holds the looks back while nobody sees the page, and repeats those that fail.
"""

from __future__ import annotations

import dataclasses

from django.http import HttpRequest

_FIRST_S, _LONGEST_S = 1.5, 30
_GROWTH = 1.4
#: About an hour's.
_LOOKS_LIMIT = 125
#: The parameter that counts the looks.
_LOOKS = "looks"


@dataclasses.dataclass(frozen=True, slots=True)
class Poll:
    """Where to look again, and when; without a delay once somebody asks for it."""

    address: str
    delay_ms: int | None


def is_look(request: HttpRequest) -> bool:
    """Whether the page is there already and asks for what has changed."""
    return "HX-Request" in request.headers and _LOOKS in request.GET


def following(request: HttpRequest) -> Poll:
    """The next look at this address."""
    query = request.GET.copy()
    looks = _count(query.pop(_LOOKS, ["0"])[-1])
    if looks >= _LOOKS_LIMIT:
        return Poll(f"{request.path}?{query.urlencode()}", None)
    query[_LOOKS] = str(looks + 1)
    delay_s = min(_FIRST_S * _GROWTH**looks, _LONGEST_S)
    return Poll(f"{request.path}?{query.urlencode()}", round(1000 * delay_s))


def _count(text: str) -> int:
    """Of a number that anybody may have written."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
