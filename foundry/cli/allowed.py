"""What a field of a JSON Schema may be, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = {"string": "text", "boolean": "true or false"}


def allowed(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Its values, or their type and range. `definitions` is the schema's `$defs`."""
    match field:
        case {"$ref": path}:
            return allowed(definitions.get(path.rpartition("/")[2], {}), definitions)
        case {"enum": values}:
            return ", ".join(map(str, values))
        case {"const": value}:
            return str(value)
        case {"anyOf": parts} | {"oneOf": parts}:
            return " or ".join(dict.fromkeys(allowed(part, definitions) for part in parts))
        case {"type": "array"}:
            return f"list of {allowed(field.get('items', {}), definitions) or 'anything'}"
        case {"type": "object"}:
            return _object(field)
        case {"type": str() as kind}:
            return _range(field) or _WORDS.get(kind, kind)
    return ""


def _object(field: Mapping[str, Any]) -> str:
    """By its kind, if it says one."""
    kind = field.get("properties", {}).get("kind", {}).get("const")
    return f"object of kind {kind}" if kind else "object"


def _range(field: Mapping[str, Any]) -> str:
    match field:
        case {"minimum": low, "maximum": high}:
            return f"{low:,.12g} to {high:,.12g}"
    bounds = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    return ", ".join(f"{word} {field[key]:,.12g}" for key, word in bounds.items() if key in field)
