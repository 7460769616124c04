"""Names of fields, numbers, times and sums as people write them."""

from __future__ import annotations

import re
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from foundry.contract import Service
from foundry.core.naming import TERMS
from foundry.core.naming import label as label
from foundry.core.naming import small as small
from foundry.core.naming import unit as unit
from foundry.core.uploads import accepts_files

#: Choices that are told one by one.
FEW = 9

FORMATS = {
    "date": "date",
    "date-time": "date and time",
    "time": "time",
    "email": "e-mail address",
    "uri": "web address",
}


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return ended(f"{text[:1].upper()}{text[1:]}")


def ended(text: str) -> str:
    """With a full stop, and as it begins: with the name of a file, which is written as it is."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def split(title: str) -> str:
    """The name of a model in words: "melting temperature" of MeltingTemperature."""
    return " ".join(
        word if word.isupper() or word in TERMS.values() else word.lower()
        for word in re.findall(r"[A-Z]+s?(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+", title)
    )


def prose(text: str) -> SafeString:
    """A description as HTML, in which `names` stand out."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308


#: From here on, and below the other, a number is told with a power of ten.
_HUGE, _TINY = 1e15, 1e-4


def figure(value: Any, digits: int = 6) -> str:
    """A number as people write it: 1,000,000; 0.5; 2e-7. Whole ones are exact. Anything else as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if value.is_integer() and abs(value) < _HUGE:
        return f"{int(value):,}"
    if _TINY <= abs(value) < _HUGE:
        whole = len(str(int(abs(value))))
        return f"{value:,.0f}" if whole >= digits else f"{value:,.{digits}g}"
    return re.sub(r"e([+-])0*", lambda power: f"e{power[1].strip('+')}", f"{value:.{digits}g}")


def duration(seconds: float) -> str:
    """Roughly how long: "under 1 s", "40 seconds", "3 minutes", "2 hours"."""
    if seconds < 1:
        return "under 1 s"
    for size, one in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size * (1.5 if size > 1 else 1):
            count = round(seconds / size)
            return f"{count} {one}{'' if count == 1 else 's'}"
    return "1 second"


def between(least: float, most: float) -> str:
    """Roughly how long, by two estimates: "3 to 40 seconds", "40 seconds to 2 minutes"; one if they say the same."""
    low, high = duration(least), duration(most)
    if low == high:
        return high
    number, unit = low.split(" ", 1)
    return f"{number if unit.rstrip('s') == high.split(' ', 1)[1].rstrip('s') else low} to {high}"


def each(seconds: float) -> str:
    """How long one item takes: "0.2 ms", "35 ms", "4 s"."""
    if seconds < 0.9995:
        return f"{_two(seconds * 1000)} ms"
    return f"{_two(seconds)} s" if seconds < 120 else duration(seconds)


def money(usd: float) -> str:
    """In US dollars: to the cent, or where that says too little to two figures."""
    if usd >= 0.0995 or usd == 0:
        return f"${usd:,.2f}"
    return f"${_two(usd)}" if usd >= 1e-6 else "less than $0.000001"


def counted(count: int, noun: str = "item") -> str:
    """ "1 item", "1,000 items"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def share(some: int, total: int, has: str = "has", have: str = "have") -> str:
    """ "1 of 1 item has", "1 of 9 items has", "2 of 9 items have"."""
    return f"{some:,} of {counted(total)} {has if 1 in (some, total) else have}"


def takes(service: Service) -> str:
    """In what formats items come."""
    return "FASTA, GenBank, SnapGene, CSV, a zip of them, or JSON" if accepts_files(service) else "JSON or CSV"


def size(count: int) -> str:
    """Of a file or a form: "128 MiB", or where it is no whole number of those "4.5 MB"."""
    mebibytes, rest = divmod(count, 1024 * 1024)
    return f"{figure(count / 1e6, 2)} MB" if rest else f"{mebibytes:,} MiB"


def _two(value: float) -> str:
    """To two figures, and never as a power of ten."""
    return f"{value:,.0f}" if value >= 10 else f"{float(f'{value:.2g}'):f}".rstrip("0").rstrip(".") or "0"
