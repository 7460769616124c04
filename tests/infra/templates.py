"""The templates of infra/, read as CloudFormation reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.decode import decode

from infra.stacks import ORDER, TEMPLATES

PATHS = [TEMPLATES / f"{kind}.yaml" for kind in ORDER]


def load(path: Path) -> dict[str, Any]:
    """The template with `!Sub` and its like in their long form, as {"Fn::Sub": ...}."""
    template, problems = decode(str(path))
    assert not problems
    return dict(template)


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All policy statements, and who may assume a role, with the logical id of the resource they are in."""
    for name, resource in template["Resources"].items():
        for document in _documents(resource):
            yield from ((name, statement) for statement in document["Statement"])


def _documents(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "Statement" in node:
            yield node
        else:
            for value in node.values():
                yield from _documents(value)
    elif isinstance(node, list):
        for value in node:
            yield from _documents(value)


def words(value: Any) -> list[Any]:
    """IAM lets a single one stand for a list."""
    return value if isinstance(value, list) else [value]
