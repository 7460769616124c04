"""GenBank flat files, as section 3.4 of the GenBank release notes lays them out: an item's own record, and features."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping

from foundry.contract.genbank_input import Annotations, annotations_of, key_of, label_of, locus_line
from foundry.contract.sequence import SequenceItem

_TABLE = "FEATURES             Location/Qualifiers\n"
_WIDTH = 80
_HEADER_INDENT = 12
_QUALIFIER_INDENT = 21
_LETTERS_A_LINE = 60
#: Texts that are no free text and stand without quotes, as numbers do (INSDC feature table, section 7.3).
_UNQUOTED = {"anticodon", "citation", "compare", "direction", "mod_base", "rpt_type", "rpt_unit_range", "transl_except"}
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_NAME_LENGTH = 16
_NOT_PRINTABLE = re.compile(r"[^ -~]")


@dataclasses.dataclass(frozen=True, slots=True)
class Feature:
    """A row of the feature table: its key, its place as `location` writes it, and its qualifiers in their order.

    Texts become printable ASCII on one line, their double quotes single ones, for not every reader undoes doubling.
    """

    kind: str
    location: str
    qualifiers: Mapping[str, str | int]


def location(start: int, end: int, length: int, strand: int = 1) -> str:
    """A feature's place, 1-based and inclusive; `end` before `start` is across the origin of a circle of `length`."""
    place = _stretch(start, end) if start <= end else f"join({_stretch(start, length)},{_stretch(1, end)})"
    return place if strand >= 0 else f"complement({place})"


def _stretch(start: int, end: int) -> str:
    return f"{start}..{end}" if start < end else str(start)


def record(item: SequenceItem, features: Iterable[Feature], position: int) -> str:
    """The item as a record: what annotations it came with, then the features that it does not have yet.

    An item without annotations, or with ones that are no record's, gets a header of ours; one without a name is called
    after its `position`.
    """
    own = annotations_of(item) or Annotations(_header(item, position), [], "")
    known = {_identity(*key_of(feature), label_of(feature)) for feature in own.features}
    added = [_text(one) for one in features if _identity(one.kind, one.location, _label(one)) not in known]
    pieces = [own.head, _TABLE, *own.features, *added, own.tail, "ORIGIN\n", *_sequence_lines(item.sequence), "//\n"]
    return "".join(pieces)


def _identity(kind: str, place: str, label: str) -> tuple[str, ...]:
    """What makes two features equal: kind and place, and for one that may be anything its label."""
    return (kind, place, label) if kind == "misc_feature" else (kind, place)


def _label(feature: Feature) -> str:
    return str(feature.qualifiers.get("label", ""))


def _header(item: SequenceItem, position: int) -> str:
    name = _NO_NAME.sub("_", item.name)[:_NAME_LENGTH].strip("_.-") or f"item_{position}"
    definition = _wrapped(f"{_plain(item.name) or name}.", _HEADER_INDENT)
    return (
        f"{locus_line(item, name)}DEFINITION  {definition}\nACCESSION   {name}\nVERSION     {name}\n"
        "KEYWORDS    .\nSOURCE      .\n  ORGANISM  .\n            .\n"
    )


def _text(feature: Feature) -> str:
    qualifiers = "".join([_qualifier(key, value) for key, value in feature.qualifiers.items()])
    return f"     {feature.kind:<15} {feature.location}\n{qualifiers}"


def _qualifier(key: str, value: str | int) -> str:
    quote = '"' if isinstance(value, str) and key not in _UNQUOTED else ""
    text = f"/{key}={quote}{_plain(value) if isinstance(value, str) else value}{quote}"
    return f"                     {_wrapped(text, _QUALIFIER_INDENT)}\n"


def _plain(text: str) -> str:
    text = " ".join(text.split()).replace('"', "'")
    return text if text.isascii() and text.isprintable() else _NOT_PRINTABLE.sub("?", text)


def _wrapped(text: str, indent: int) -> str:
    width = _WIDTH - indent
    return text if len(text) <= width else ("\n" + " " * indent).join(_lines(text, width))


def _lines(text: str, width: int) -> Iterator[str]:
    """The text in lines that end at a blank, or within a word that is longer than a line."""
    start = 0
    while len(text) - start > width:
        blank = text.rfind(" ", start, start + width + 1)
        end = blank if blank > 0 else start + width
        yield text[start:end]
        start = end + (blank > 0)
    yield text[start:]


def _sequence_lines(sequence: str) -> Iterator[str]:
    letters = sequence.lower()
    for start in range(0, len(letters), _LETTERS_A_LINE):
        line = letters[start : start + _LETTERS_A_LINE]
        blocks = f"{line[:10]} {line[10:20]} {line[20:30]} {line[30:40]} {line[40:50]} {line[50:]}"
        yield f"{start + 1:>9} {blocks.rstrip()}\n"
