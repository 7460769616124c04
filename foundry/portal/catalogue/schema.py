"""What a JSON schema says of the fields of an object, for forms and tables."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from django.utils.safestring import SafeString
from pydantic import TypeAdapter

from foundry.portal.catalogue import words

#: Schemas may hold themselves; below this many levels only the type is said.
_DEEPEST = 6
_FEW_TYPES = 3
_RANGES = (("minimum", "maximum", ""), ("minLength", "maxLength", " letters"), ("minItems", "maxItems", " entries"))
_OTHER_BOUNDS = (("exclusiveMinimum", "over {}"), ("exclusiveMaximum", "under {}"), ("multipleOf", "a multiple of {}"))


class Kind(StrEnum):
    """What a value is."""

    FLAG = "yes or no"
    INTEGER = "whole number"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "one of"
    LIST = "list"
    OBJECT = "object"
    MAP = "values by name"
    #: One of several types, or of none that is known.
    ANY = "value"


class _None:
    """That there is no default; None is one."""


NONE = _None()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object. `schema` is its own, with references followed and null taken out."""

    name: str
    path: str
    kind: Kind
    schema: Mapping[str, Any]
    required: bool
    nullable: bool
    default: Any
    help: str
    #: Of an object.
    fields: tuple[Field, ...] = ()
    #: What a list holds; what stands under any name of a map; what may stand here, if it is one of several types.
    items: Field | None = None
    values: Field | None = None
    variants: tuple[Field, ...] = ()

    @property
    def label(self) -> str:
        return words.label(self.name, self.schema.get("title"))

    @property
    def unit(self) -> str:
        """As the schema says it (`unit`), or as the name ends: sodium_mM."""
        return str(self.schema.get("unit") or words.unit(self.name))

    @property
    def prose(self) -> SafeString:
        """What it means, as HTML."""
        return words.prose(self.help)

    @property
    def choices(self) -> list[Any]:
        return [self.schema["const"]] if "const" in self.schema else list(self.schema.get("enum", ()))

    def choice(self, value: Any) -> str:
        """A choice in the words that the schema has for it (`names`), or as it is."""
        return str(self.schema.get("names", {}).get(str(value), value))

    @property
    def type(self) -> str:
        """In words: "list of whole numbers, or none"."""
        return f"{self._type}, or none" if self.nullable else self._type

    @property
    def _type(self) -> str:
        if self.kind is Kind.CHOICE:
            return (
                ", ".join(map(self.choice, self.choices))
                if len(self.choices) <= words.FEW
                else f"one of {len(self.choices)}"
            )
        if self.kind is Kind.LIST and self.items:
            return f"list: {self.items._type}"
        if self.variants:
            types = list(dict.fromkeys(one._type for one in self.variants))
            return " or ".join(types) if len(types) <= _FEW_TYPES else f"one of {len(types)} kinds"
        if self.kind is Kind.OBJECT and self.schema.get("title"):
            return words.split(self.schema["title"])
        return words.FORMATS.get(self.schema.get("format", ""), str(self.kind))

    @property
    def bounds(self) -> str:
        """In words: "10 to 1,000"."""
        said = [text.format(words.figure(self.schema[key])) for key, text in _OTHER_BOUNDS if key in self.schema]
        for low, high, noun in _RANGES:
            least, most = self.schema.get(low), self.schema.get(high)
            if least is not None and most is not None:
                said.append(f"{words.figure(least)} to {words.figure(most)}{noun}")
            elif least is not None or most is not None:
                limit, which = (least, "at least") if most is None else (most, "at most")
                said.append(f"{which} {words.figure(limit)}{noun.rstrip('s') if limit == 1 else noun}")
        return ", ".join(said)

    @property
    def shown_default(self) -> str:
        if self.default is NONE or self.default is None:
            return ""
        if isinstance(self.default, bool):
            return "yes" if self.default else "no"
        return self.choice(self.default) if self.default in self.choices else words.figure(self.default)

    def rows(self, seen: set[str] | None = None) -> Iterator[Field]:
        """The field and all below it, for a table; what objects of one type hold is told once."""
        seen = set() if seen is None else seen
        yield self
        for below in self.below(seen):
            yield from below.rows(seen)

    def below(self, seen: set[str]) -> tuple[Field, ...]:
        """The fields of the object, of each object of the list, or of each kind of object that may stand here."""
        if self.items:
            return self.items.below(seen)
        if self.variants:
            return tuple(field for variant in self.variants for field in variant.below(seen))
        title = self.schema.get("title", "")
        if title in seen:
            return ()
        if self.fields and title:
            seen.add(title)
        return self.fields


@functools.cache
def of(model: Any) -> tuple[Field, ...]:
    """The fields of a pydantic model or a TypedDict."""
    return fields(TypeAdapter(model).json_schema())


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of the object that the schema describes."""
    known = schema.get("$defs", {})
    resolved, _ = _resolved(schema, known)
    return _object("", resolved, known, 0)


def _object(path: str, schema: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(
        _field(name, f"{path}.{name}" if path else name, one, known, depth, required=name in required)
        for name, one in schema.get("properties", {}).items()
    )


def _field(
    name: str, path: str, stated: Mapping[str, Any], known: Mapping[str, Any], depth: int, *, required: bool
) -> Field:
    schema, nullable = _resolved(stated, known)
    kind = _kind(schema)
    deeper = depth < _DEEPEST
    return Field(
        name=name,
        path=path,
        kind=kind,
        schema=schema,
        required=required,
        nullable=nullable,
        default=schema.get("default", NONE),
        help=schema.get("description", ""),
        fields=_object(path, schema, known, depth + 1) if deeper and kind is Kind.OBJECT else (),
        items=_entry(f"{path}[]", schema.get("items"), known, depth) if deeper else None,
        values=_entry(f"{path}.*", schema.get("additionalProperties"), known, depth) if deeper else None,
        variants=_variants(path, schema, known, depth) if deeper else (),
    )


def _entry(path: str, schema: Any, known: Mapping[str, Any], depth: int) -> Field | None:
    """None where the schema says nothing of the entries but whether there may be any."""
    return _field("", path, schema, known, depth + 1, required=True) if isinstance(schema, dict) else None


def _variants(path: str, schema: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> tuple[Field, ...]:
    found = []
    for one in _alternatives(schema):
        resolved, _ = _resolved(one, known)
        # Objects of several kinds are told apart by the one word that each must have in the same field.
        which = _constant(resolved, schema.get("discriminator", {}).get("propertyName", ""))
        found.append(_field("", f"{path}({which})" if which else path, one, known, depth + 1, required=True))
    return tuple(found)


def _constant(schema: Mapping[str, Any], name: str) -> str:
    return str(schema.get("properties", {}).get(name, {}).get("const", ""))


def _resolved(stated: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema with its reference followed and, if it may be null, without that."""
    schema, nullable, seen = dict(stated), False, 0
    while seen <= _DEEPEST:
        seen += 1
        around = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        options = [one for one in _alternatives(schema) if one.get("type") != "null"]
        nullable = nullable or len(options) < len(_alternatives(schema))
        if "$ref" in schema:
            schema = {**known.get(schema["$ref"].rpartition("/")[2], {}), **around}
        elif len(schema.get("allOf", ())) == 1:
            schema = {**schema["allOf"][0], **around}
        elif len(options) == 1:
            schema = {**options[0], **around}
        else:
            if options and nullable:
                schema = {**schema, ("oneOf" if "oneOf" in schema else "anyOf"): options}
            break
    return schema, nullable


def _alternatives(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(schema.get("anyOf") or schema.get("oneOf") or ())


_KINDS = {
    "boolean": Kind.FLAG,
    "integer": Kind.INTEGER,
    "number": Kind.NUMBER,
    "string": Kind.TEXT,
    "array": Kind.LIST,
}


def _kind(schema: Mapping[str, Any]) -> Kind:
    if "enum" in schema or "const" in schema:
        return Kind.CHOICE
    if schema.get("type") == "object":
        return Kind.OBJECT if schema.get("properties") else Kind.MAP
    return _KINDS.get(schema.get("type", ""), Kind.ANY)


def as_text(value: Any) -> str:
    """A value as people edit it where no control fits: as JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)
