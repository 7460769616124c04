"""A result as a list that people read: each value with its name, unit and meaning, as the service's types say."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from foundry.core.result_schema import Field, Kind
from foundry.portal.catalogue import told, words
from foundry.portal.requests.results_cells import text

#: Entries of a list that are shown; the rest is counted.
_MOST = 100
#: Letters of a text that are shown at once, and of a single word, such as a sequence, in a table.
_LONG, _LONG_IN_TABLE = 160, 24


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value, or what is below it: `children` of an object, `rows` of a list of objects, `entries` of a list."""

    label: str
    help: str = ""
    unit: str = ""
    text: str = ""
    #: The whole of a long text, of which `text` is the beginning.
    whole: str = ""
    is_number: bool = False
    children: Sequence[Node] = ()
    heads: Sequence[Node] = ()
    rows: Sequence[Sequence[Node]] = ()
    entries: Sequence[str] = ()
    #: Entries of a list that are not shown.
    more: int = 0
    #: Whether it is what people look for, and stands before all else.
    is_first: bool = False

    @property
    def prose(self) -> SafeString:
        """What it means, as HTML."""
        return words.prose(self.help)

    @property
    def is_plain(self) -> bool:
        """Whether it is one value, and not a part of its own."""
        return not (self.children or self.heads)


def tree(values: Mapping[str, Any], fields: Field, first: Collection[str] = ()) -> list[Node]:
    """All values of a result: first the lists of those names if they have entries, then single values."""
    nodes = [_marked(_node(name, value, fields.child(name)), name in first) for name, value in values.items()]
    return sorted(nodes, key=lambda node: (not node.is_first, not node.is_plain))


def _marked(node: Node, is_wanted: bool) -> Node:
    return dataclasses.replace(node, is_first=True) if is_wanted and node.rows else node


def _node(name: str, value: Any, field: Field) -> Node:
    label = words.label(name, field.title)
    match value:
        case dict() if all(_is_single(entry) for entry in value.values()) and "properties" not in field.schema:
            return Node(label=label, help=field.description, **_listed([_pair(*pair) for pair in value.items()]))
        case dict():
            return Node(label=label, help=field.description, children=tree(value, field))
        case list() if value and all(isinstance(entry, dict) for entry in value):
            return _table(label, value, field)
        case list():
            return Node(label=label, help=field.description, **_listed([_text(entry, field.entry) for entry in value]))
    return _single(label, value, field, name)


def _single(label: str, value: Any, field: Field, name: str, long: int = _LONG) -> Node:
    shown = field.name_of(value) or _text(value, field) or text(None)
    return Node(
        label=label,
        help=field.description,
        unit=(field.unit or words.unit(name)) if value is not None else "",
        text=shown if len(shown) <= long else f"{shown[:long]}…",
        whole=shown if len(shown) > long else "",
        is_number=isinstance(value, int | float) and not isinstance(value, bool),
    )


def _text(value: Any, field: Field) -> str:
    return told.moment(value) if field.kind is Kind.MOMENT and isinstance(value, str) else text(value)


def _is_single(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _pair(name: str, value: Any) -> str:
    return f"{words.small(words.label(name))} {text(value)}"


def _listed(entries: Sequence[str]) -> dict[str, Any]:
    return {"entries": entries[:_MOST], "more": max(len(entries) - _MOST, 0), "text": "" if entries else "none"}


def _table(label: str, entries: Sequence[Mapping[str, Any]], field: Field) -> Node:
    names = list(dict.fromkeys(name for entry in entries for name in entry))
    kinds = {name: field.entry.child(name) for name in names}
    rows = [[_cell(entry.get(name), kinds[name], name) for name in names] for entry in entries[:_MOST]]
    heads = [
        Node(
            label=words.label(name, kinds[name].title),
            help=kinds[name].description,
            unit=kinds[name].unit,
            is_number=all(row[at].is_number for row in rows),
        )
        for at, name in enumerate(names)
    ]
    more = max(len(entries) - _MOST, 0)
    return Node(label=label, help=field.description, heads=heads, rows=rows, more=more)


def _cell(value: Any, field: Field, name: str) -> Node:
    label = words.label(name, field.title)
    if isinstance(value, list):
        return Node(label=label, text="; ".join(map(_entry, value[:_MOST])) or "none")
    long = _LONG_IN_TABLE if isinstance(value, str) and " " not in value else _LONG
    return _single(label, _entry(value) if isinstance(value, dict) else value, field, name, long)


def _entry(value: Any) -> str:
    return ", ".join(_pair(*pair) for pair in value.items()) if isinstance(value, dict) else text(value)


def flat(nodes: Sequence[Node], within: str = "") -> Iterator[tuple[str, Node]]:
    """The single values and lists of a tree, each with its place: "Melting temperature, celsius"."""
    for node in nodes:
        label = f"{within}: {node.label}" if within else node.label
        if node.children:
            yield from flat(node.children, label)
        else:
            yield label, node
