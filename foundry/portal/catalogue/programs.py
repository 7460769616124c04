"""How a program asks for the same: lines to paste, made of a service's smallest example; empty if it has none yet."""

from __future__ import annotations

import json
import pprint
import shlex
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from foundry.contract import Example, Service
from foundry.core.uploads import accepts_files


def curl(request: HttpRequest, service: Service) -> str:
    """For a shell."""
    if not (example := _smallest(service)):
        return ""
    body: dict[str, Any] = {"service": service.name, "items": list(example.items)}
    if example.options:
        body["options"] = dict(example.options)
    return "\n".join(
        (
            f"curl {shlex.quote(request.build_absolute_uri(reverse('api-v1:submit_request')))} \\",
            '  -H "Authorization: Bearer $FOUNDRY_TOKEN" \\',
            '  -H "Content-Type: application/json" \\',
            f"  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
        )
    )


def curl_files(request: HttpRequest, service: Service) -> str:
    """For a shell, with a file; empty if the service takes none."""
    if not accepts_files(service):
        return ""
    return "\n".join(
        (
            f"curl {shlex.quote(request.build_absolute_uri(reverse('api-v1:submit_request')))} \\",
            '  -H "Authorization: Bearer $FOUNDRY_TOKEN" \\',
            f"  -F service={service.name} \\",
            """  -F 'defaults={"topology": "linear"}' \\""",
            "  -F files=@designs.fasta",
        )
    )


def python(request: HttpRequest, service: Service) -> str:
    """For Python, with the client."""
    if not (example := _smallest(service)):
        return ""
    options = f"    options={_literal(example.options)},\n" if example.options else ""
    return (
        "from foundry.client import Foundry\n\n"
        f'foundry = Foundry("{request.build_absolute_uri(reverse("portal:catalogue")).rstrip("/")}", token="...")\n'
        f'request = foundry.submit(\n    "{service.name}",\n    items={_literal(example.items)},\n{options})\n'
        "foundry.wait(request)\n"
        "for result in foundry.results(request):\n"
        "    print(result.name, result.values or result.error)"
    )


def _smallest(service: Service) -> Example | None:
    return min(service.examples, key=_size, default=None)


def _size(example: Example) -> int:
    return len(json.dumps([*example.items, dict(example.options)]))


def _literal(value: object) -> str:
    text = pprint.pformat(json.loads(json.dumps(value)), width=96, sort_dicts=False)
    return text.replace("\n", "\n    ")
