"""What a service's result type says of its values: what kind each is, what it means, and in which unit.

A unit is said in the type, as `Field(json_schema_extra={"unit": "bp"})`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pydantic

from foundry.contract import Service


class Kind(StrEnum):
    """How a column is sorted, filtered and drawn."""

    #: Also a list or an object, by how many entries it has.
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    #: A date, or a date and time: by when it is, whatever its zone.
    MOMENT = "moment"


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A value in a result: its JSON schema, with what it refers to."""

    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        match self.schema.get("type"):
            case "integer" | "number" | "array" | "object":
                return Kind.NUMBER
            case "boolean":
                return Kind.FLAG
            case "string" if self.schema.get("format") in ("date", "date-time"):
                return Kind.MOMENT
        return Kind.TEXT

    @property
    def description(self) -> str:
        return str(self.schema.get("description", ""))

    @property
    def unit(self) -> str:
        return str(self.schema.get("unit", ""))

    @property
    def is_choice(self) -> bool:
        """Whether the type says which values there can be."""
        return "enum" in self.schema or "const" in self.schema

    @property
    def is_date(self) -> bool:
        """Whether it is a day, without a time."""
        return self.schema.get("format") == "date"

    @property
    def is_fraction(self) -> bool:
        """Whether the type says that it is a number from 0 to 1."""
        return (self.schema.get("minimum"), self.schema.get("maximum")) == (0, 1)

    @property
    def title(self) -> str:
        """The title that the type gives it; empty: none but the one pydantic makes of its name."""
        return str(self.schema.get("title", ""))

    def name_of(self, value: Any) -> str:
        """What the type calls a value that is chosen; empty if it has no name for it."""
        return str(self.schema.get("names", {}).get(str(value), ""))

    def child(self, name: str) -> Field:
        """The value of that name in an object; one without a schema if nothing is said of it."""
        found = self.schema.get("properties", {}).get(name) or self.schema.get("additionalProperties")
        return self._resolved(found)

    @property
    def entry(self) -> Field:
        """What a list is made of."""
        return self._resolved(self.schema.get("items"))

    def _resolved(self, schema: Any) -> Field:
        return Field(_resolve(schema if isinstance(schema, dict) else {}, self.definitions), self.definitions)


def _resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with what it refers to; of alternatives the first that is not null. Its own words win."""
    own = {key: value for key, value in schema.items() if key not in ("$ref", "anyOf")}
    if "$ref" in schema:
        own = {**_resolve(definitions[schema["$ref"].rpartition("/")[2]], definitions), **own}
    alternatives = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return {**_resolve(alternatives[0], definitions), **own} if alternatives else own


def fields(service: Service) -> Field:
    """The result as a whole, of which all values are children."""
    return of(service.result)


@functools.cache
def of(kind: Any) -> Field:
    """What the schema of a type says of its values."""
    schema = pydantic.TypeAdapter(kind).json_schema(mode="serialization")
    definitions = schema.get("$defs", {})
    return Field(_resolve(schema, definitions), definitions)


def field_at(service: Service, path: str) -> Field:
    """The value at a dotted path."""
    return functools.reduce(Field.child, path.split("."), fields(service))
