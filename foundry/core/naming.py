"""Names of a service's fields in words, for pages and files."""

from __future__ import annotations

#: How the field's terms are written, where that is not as other words are.
_WRITTEN = (
    *("bp", "BSL", "CAI", "CDS", "cDNA", "CFU", "CSV", "DNA", "dNTP", "GC", "GFP", "ID", "JSON", "kb", "mRNA", "OD"),
    *("ORF", "ORFs", "PCR", "pH", "RBS", "RNA", "SVG", "Tm", "URL", "UTR"),
)
TERMS = {term.lower(): term for term in _WRITTEN}
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
    words = [TERMS.get(word.lower(), word) for word in stem.split("_") if word]
    return " ".join([word if word in TERMS.values() else word[:1].upper() + word[1:] for word in words[:1]] + words[1:])


def small(text: str) -> str:
    """A label within a sentence: "volume" for "Volume", but "GC window" as it is."""
    first = text.split(" ")[0]
    return text if first in TERMS.values() or first[1:] != first[1:].lower() else f"{text[:1].lower()}{text[1:]}"
