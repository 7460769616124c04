"""What a field may be, in few words."""

import pytest

from foundry.cli.allowed import allowed


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"type": "integer", "minimum": 10, "maximum": 1000}, "10 to 1,000"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 2000}, "above 0, at most 2,000"),
        ({"type": "string", "enum": ["ATG", "table"]}, "ATG, table"),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, "at least 1 or null"),
        ({"$ref": "#/$defs/Topology"}, "linear, circular"),
        ({"type": "array", "items": {"const": "x"}}, "list of x"),
        ({"type": "object", "properties": {"kind": {"const": "gc"}}}, "object of kind gc"),
        ({"type": "object"}, "object"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "string"}, "text"),
        ({}, ""),
    ],
)
def test_allowed_values(field, said):
    assert allowed(field, {"Topology": {"enum": ["linear", "circular"]}}) == said
