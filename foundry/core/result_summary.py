"""What a column of results looks like as a whole: bars for a distribution plot, and a few figures."""

from __future__ import annotations

import math
import statistics
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from foundry.core import result_moments

#: The most bars of a plot of numbers, and of a plot of words.
_BINS, _WORDS = 24, 15


def of_numbers(values: array[float]) -> dict[str, Any]:
    """`bars`: [low, high, items] each, from low up to high without it, but for the last; or [value, value, items]."""
    known = _known(values)
    return _figures(known) | ({"mean": math.fsum(known) / len(known), "bars": _bars(known)} if known else {})


def of_moments(values: array[float]) -> dict[str, Any]:
    """The same of moments in seconds, whose bars begin with a minute, a day, a month and the like; without a mean."""
    known = _known(values)
    return _figures(known) | ({"bars": _of_time(known)} if known else {})


def _known(values: array[float]) -> list[float]:
    return sorted(value for value in values if value == value)


def _figures(known: Sequence[float]) -> dict[str, Any]:
    if not known:
        return {"count": 0}
    return {"count": len(known), "minimum": known[0], "maximum": known[-1], "median": statistics.median(known)}


def _of_time(known: Sequence[float]) -> list[tuple[float, float, int]]:
    low, high = known[0], known[-1]
    return [(low, high, len(known))] if low == high else _between(known, result_moments.edges(low, high))


def _bars(known: Sequence[float]) -> list[tuple[float, float, int]]:
    low, high = known[0], known[-1]
    if low == high:
        return [(low, high, len(known))]
    if high - low < _BINS and low.is_integer() and all(value.is_integer() for value in known):
        counts = Counter(known)
        return [(float(value), float(value), counts[value]) for value in range(int(low), int(high) + 1)]
    return _between(known, _edges(low, high))


def _between(known: Sequence[float], edges: Sequence[float]) -> list[tuple[float, float, int]]:
    places = [0, *(bisect_left(known, edge) for edge in edges[1:-1]), len(known)]
    bins = zip(edges, edges[1:], places, places[1:], strict=False)
    return [(start, end, after - before) for start, end, before, after in bins]


def _edges(low: float, high: float) -> list[float]:
    """Round numbers around all values, evenly spaced; where floats are too coarse for that, the values themselves."""
    least = (high - low) / _BINS
    if not max(abs(low), abs(high)) * 1e-9 < least < math.inf or least < sys.float_info.min:
        return [low, math.nextafter(high, math.inf)]
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= least * (1 - 1e-9))
    first, last = math.floor(low / step), math.floor(high / step) + 1
    return [float(f"{step * number:.12g}") for number in range(first, last + 1)]


def of_words(values: Iterable[str]) -> dict[str, Any]:
    """`words`: [word, items] each, the most frequent first; `other`: the items that have another one."""
    counts = Counter(value for value in values if value)
    most = counts.most_common(_WORDS)
    return {
        "count": counts.total(),
        "distinct": len(counts),
        "words": most,
        "other": counts.total() - sum(items for _, items in most),
    }
