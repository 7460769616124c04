"""GenBank flat files, as section 3.4 of the GenBank release notes lays them out."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Iterable, Iterator

from foundry.contract import SequenceItem

_FEATURES = "FEATURES             Location/Qualifiers"
_LETTERS_A_LINE = 60
_QUALIFIER_COLUMN = 21


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A misc_feature."""

    location: str
    label: str
    note: str


def location(start: int, end: int, size: int, *, reverse: bool) -> str:
    """A feature's location, 1-based and inclusive; `end` before `start` is across the origin."""
    place = f"{start}..{end}" if start <= end else f"join({start}..{size},1..{end})"
    return f"complement({place})" if reverse else place


def record(item: SequenceItem, features: Iterable[Feature]) -> str:
    """The item as a record: what annotations it came with, then the features."""
    head, tail = _split(item)
    added = [line for feature in features for line in _feature_lines(feature)]
    return "\n".join([*head, *added, *tail, "ORIGIN", *_sequence_lines(item.sequence), "//", ""])


def _split(item: SequenceItem) -> tuple[list[str], list[str]]:
    """What stands before and after the place where features are added: the end of the feature table."""
    lines = item.annotations.rstrip().splitlines() if item.annotations else _header(item)
    lines[0] = re.sub(r"\b(linear( {2})?|circular)", f"{item.topology:<8}", lines[0], count=1)
    table = next((number for number, line in enumerate(lines) if line.startswith("FEATURES")), None)
    if table is None:
        return [*lines, _FEATURES], []
    end = next((number for number in range(table + 1, len(lines)) if lines[number][:1] not in ("", " ")), len(lines))
    return lines[:end], lines[end:]


def _header(item: SequenceItem) -> list[str]:
    """A header for an item that came without one. The date is a constant, as equal requests give equal files."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", item.name)[:16] or "sequence"
    return [
        f"LOCUS       {name:<16} {len(item.sequence):>11} bp    DNA     {item.topology:<8} SYN 01-JAN-1980",
        f"DEFINITION  {_ascii(item.name) or 'sequence'}.",
        f"ACCESSION   {name}",
    ]


def _feature_lines(feature: Feature) -> Iterator[str]:
    yield f"     misc_feature    {feature.location}"
    for key, value in (("label", feature.label), ("note", feature.note)):
        quoted = f'/{key}="{_ascii(value)}"'
        yield from textwrap.wrap(
            quoted,
            width=79,
            initial_indent=" " * _QUALIFIER_COLUMN,
            subsequent_indent=" " * _QUALIFIER_COLUMN,
            break_on_hyphens=False,
        )


def _ascii(text: str) -> str:
    """Text as it may stand in a flat file: printable ASCII on one line, without the quotes that end a qualifier."""
    return " ".join(text.replace('"', "'").encode("ascii", "replace").decode().split())


def _sequence_lines(sequence: str) -> Iterator[str]:
    for start in range(0, len(sequence), _LETTERS_A_LINE):
        line = sequence[start : start + _LETTERS_A_LINE].lower()
        yield f"{start + 1:>9} " + " ".join(line[block : block + 10] for block in range(0, len(line), 10))
