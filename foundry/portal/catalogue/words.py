"""Names of fields and figures in words."""

from __future__ import annotations

import re
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

#: Choices that are told one by one.
FEW = 9

#: How the field's terms are written, where that is not as other words are.
_WRITTEN = (
    *("bp", "BSL", "CAI", "CDS", "cDNA", "CFU", "CSV", "DNA", "dNTP", "GC", "GFP", "ID", "JSON", "kb", "mRNA", "OD"),
    *("ORF", "ORFs", "PCR", "pH", "RBS", "RNA", "SVG", "Tm", "URL", "UTR"),
)
_TERMS = {term.lower(): term for term in _WRITTEN}
_AS_THEY_ARE = (
    *("aa", "bp", "g", "h", "Hz", "kb", "kDa", "kg", "L", "M", "mg", "min", "mL", "mm", "mM", "mol", "ms", "ng", "nM"),
    *("nm", "nt", "pM", "rpm", "s", "V"),
)
_UNITS = {unit: unit for unit in _AS_THEY_ARE} | {
    "C": "°C",
    "celsius": "°C",
    "hours": "h",
    "minutes": "min",
    "ml": "mL",
    "percent": "%",
    "seconds": "s",
    "ug": "µg",
    "uL": "µL",
    "ul": "µL",
    "uM": "µM",
    "um": "µm",
    "xg": "× g",
}
FORMATS = {
    "date": "date",
    "date-time": "date and time",
    "time": "time",
    "email": "e-mail address",
    "uri": "web address",
}


def unit(name: str) -> str:
    """The unit with which a field's name ends: "mM" of sodium_mM; empty if there is none."""
    before, _, last = name.rpartition("_")
    return _UNITS.get(last, "") if before else ""


def label(name: str, title: str | None = None) -> str:
    """A field's name in words: "GC window" of gc_window; the schema's own title goes first.

    Pydantic makes a title of each name; that is not one of its own.
    """
    if title and title.replace(" ", "_").lower() != name.lower() and not title.isidentifier():
        return title
    stem = name.rpartition("_")[0] if unit(name) else name
    words = [_TERMS.get(word.lower(), word) for word in stem.split("_") if word]
    return " ".join(
        [word if word in _TERMS.values() else word[:1].upper() + word[1:] for word in words[:1]] + words[1:]
    )


def split(title: str) -> str:
    """The name of a model in words: "melting temperature" of MeltingTemperature."""
    return " ".join(
        word if word.isupper() or word in _TERMS.values() else word.lower()
        for word in re.findall(r"[A-Z]+s?(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+", title)
    )


def prose(text: str) -> SafeString:
    """A description as HTML, in which `names` stand out."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308


def figure(value: Any) -> str:
    """A number as people write it: 1,000,000; 0.5. Anything else as JSON has it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def duration(seconds: float) -> str:
    """Roughly how long: "under 1 s", "40 seconds", "3 minutes", "2 hours"."""
    if seconds < 1:
        return "under 1 s"
    for size, one in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size * (1.5 if size > 1 else 1):
            count = round(seconds / size)
            return f"{count} {one}{'' if count == 1 else 's'}"
    return "1 second"


def each(seconds: float) -> str:
    """How long one item takes: "0.2 ms", "35 ms", "4 s"."""
    if seconds < 1:
        return f"{_two(seconds * 1000)} ms"
    return f"{_two(seconds)} s" if seconds < 120 else duration(seconds)


def money(usd: float) -> str:
    """In US dollars, to two figures."""
    return f"${usd:.2f}" if usd >= 0.1 else f"${_two(usd)}" if usd >= 1e-6 else "less than $0.000001"


def _two(value: float) -> str:
    """To two figures, and never as a power of ten."""
    return f"{value:,.0f}" if value >= 10 else f"{float(f'{value:.2g}'):f}".rstrip("0").rstrip(".") or "0"
