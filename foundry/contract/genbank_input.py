"""What stands before ORIGIN in the GenBank record that an item came as.

It stays as it is written, save what the sequence contradicts: the LOCUS line gets the item's length and topology, and
features that do not lie on the sequence, or that would keep readers from reading on, are left out.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from foundry.contract.sequence import SequenceItem

#: Equal requests give equal files, so a header without a date does not get today's.
_DATE = "01-JAN-1980"

_LINE_END = re.compile(r"\r\n?")
_LOCUS = re.compile(r"LOCUS[ \t]+(\S+)[ \t]+\d+[ \t]+(?:bp|rc)\b(.*)")
#: Where annotations end, whatever is said to follow.
_END = re.compile(r"^(?:ORIGIN|//|LOCUS)", re.MULTILINE)
_TABLE = re.compile(r"^FEATURES.*\n", re.MULTILINE)
_KEYWORD = re.compile(r"^\S", re.MULTILINE)
_FEATURE = re.compile(r"^(?= {5}[^\s/])", re.MULTILINE)
_QUALIFIER = re.compile(r"^ +/", re.MULTILINE)
_OPENING = re.compile(r'^ +/[^=\n]+="', re.MULTILINE)
_CLOSING = re.compile(r'" *$', re.MULTILINE)
_LABEL = re.compile(r'^ +/label="?([^"\n]*)', re.MULTILINE)
_MOLECULE = re.compile(r"(?:([sdm]s-)|\b)([A-Za-z]{0,4}[DR]NA)\b")
_DIVISION = re.compile(r"\b(?![DR]NA)[A-Z]{3}\b(?!-)(?<!-...)")
_DAY = re.compile(r"\b\d\d-[A-Z]{3}-\d{4}\b")
_PLACE = re.compile(r"(?=\D*\d)[\w.,:()<>^-]+")
#: A place in another record, such as J00194.1:100..202.
_ELSEWHERE = re.compile(r"[\w.]{1,40}:[^,)]*")
_RANGE = re.compile(r"(<?(?<!\d)(\d{1,12}))\.\.(>?(\d{1,12}))(?!\d)")


@dataclasses.dataclass(frozen=True, slots=True)
class Annotations:
    """A record's lines before its features, each feature's lines, and those after the features."""

    head: str
    features: list[str]
    tail: str


def annotations_of(item: SequenceItem) -> Annotations | None:
    """What the item came with; None if that is no GenBank record."""
    text = _LINE_END.sub("\n", item.annotations or "").strip() + "\n"
    found = _LOCUS.match(text)
    if found is None:
        return None
    end = _END.search(text, 1)
    text = locus_line(item, found[1], found[2]) + text[found.end() + 1 : end.start() if end else None]
    title = _TABLE.search(text)
    if title is None:
        return Annotations(text, [], "")
    after = _KEYWORD.search(text, title.end())
    stop = after.start() if after else len(text)
    return Annotations(text[: title.start()], list(_features(text[title.end() : stop], item)), text[stop:])


def locus_line(item: SequenceItem, name: str, rest: str = "") -> str:
    """The LOCUS line in its columns, with the molecule, division and date that `rest` has.

    A name too long for its column moves the others, as the release notes allow.
    """
    strands, molecule = found.groups("") if (found := _MOLECULE.search(rest)) else ("", "DNA")
    division = found[0] if (found := _DIVISION.search(rest)) else "UNK"
    date = found[0] if (found := _DAY.search(rest)) else _DATE
    return (
        f"LOCUS       {name} {len(item.sequence):>{max(27 - len(name), 0)}} bp {strands:<3}{molecule:<7} "
        f"{item.topology:<8} {division} {date}\n"
    )


def key_of(feature: str) -> tuple[str, str]:
    """The kind and the place of a feature as it is written."""
    kind, *place = _QUALIFIER.split(feature, maxsplit=1)[0].split()
    return kind, "".join(place)


def label_of(feature: str) -> str:
    found = _LABEL.search(feature)
    return found[1] if found else ""


def _features(table: str, item: SequenceItem) -> Iterator[str]:
    length = len(item.sequence)
    for written in _FEATURE.split(table)[1:]:
        feature = _joined(written, length) if item.topology == "circular" else written
        if _lies_on(key_of(feature)[1], length) and _is_closed(feature):
            yield feature


def _joined(feature: str, length: int) -> str:
    """The feature with ranges across the origin, which some programs write as 90..10, as GenBank has them."""
    kind_and_place, *qualifiers = re.split(r"(?=^ +/)", feature, maxsplit=1, flags=re.MULTILINE)
    form = "{}..{},1..{}" if re.search(r"join|order", kind_and_place) else "join({}..{},1..{})"

    def join(found: re.Match[str]) -> str:
        return form.format(found[1], length, found[3]) if _is_backward(found) else found[0]

    return "".join([_RANGE.sub(join, kind_and_place), *qualifiers])


def _is_backward(found: re.Match[str]) -> bool:
    return int(found[2]) > int(found[4])


def _lies_on(place: str, length: int) -> bool:
    here = _ELSEWHERE.sub("", place)
    on_it = all(len(number) <= 12 and int(number) <= length for number in re.findall(r"\d+", here))
    return on_it and _is_place(place) and not any(map(_is_backward, _RANGE.finditer(here)))


def _is_place(text: str) -> bool:
    return _PLACE.fullmatch(text) is not None and text.count("(") == text.count(")")


def _is_closed(feature: str) -> bool:
    """Whether a line ends with a quote after the last that opens one; else readers look for it beyond the feature."""
    *before, last = _OPENING.split(feature)
    return not before or _CLOSING.search(last) is not None
