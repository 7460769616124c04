"""manage.py services: what can be requested."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from foundry.cli import terminal
from foundry.cli.allowed import allowed
from foundry.cli.command import ApiCommand, add_json
from foundry.cli.exits import Exit
from foundry.client import ServiceDetail


class Command(ApiCommand):
    help = "List the services, or show what one takes and gives."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="a service (default: all)")
        add_json(parser)
        super().add_arguments(parser)

    def run(self, **options: Any) -> Exit:
        if options["name"]:
            service = self.foundry.service(options["name"])
            if options["json"]:
                self.write_json(service)
            else:
                self._show(service)
            return Exit.OK
        services = self.foundry.services()
        if options["json"]:
            self.write_json({"services": services})
        else:
            rows = [(one.name, one.version, one.stage, one.title) for one in services]
            self.out.print(terminal.table(["Name", "Version", "Stage", "Title"], rows))
        return Exit.OK

    def _show(self, service: ServiceDetail) -> None:
        self.out.print(f"{service.name} {service.version}: {service.title}", style="bold")
        self.out.print(f"{service.summary}\n")
        self.out.print(f"At most {service.limits.items:,} items a request, {service.limits.timeout_s:,} s a job.\n")
        self._show_fields("Option", service.schemas["options"])
        self._show_fields("Item field", service.schemas["item"])
        files = [(one.name, "each item" if one.per_item else "request", one.title) for one in service.artifacts]
        if files:
            self.out.print(terminal.table(["Artifact", "Of", "What it is"], files))

    def _show_fields(self, heading: str, schema: dict[str, Any]) -> None:
        required = schema.get("required", ())
        rows = [
            (name, *_values(name in required, field, schema.get("$defs", {})), field.get("description", ""))
            for name, field in schema.get("properties", {}).items()
        ]
        if rows:
            self.out.print(terminal.table([heading, "Values", "Default", "Meaning"], rows))
            self.out.print()


def _values(required: bool, field: dict[str, Any], definitions: dict[str, Any]) -> tuple[str, str]:
    return allowed(field, definitions), "required" if required else _default(field)


def _default(field: dict[str, Any]) -> str:
    """As text, so that a list shows what is in it."""
    value = field.get("default")
    return terminal.cell(value if value is None or isinstance(value, bool | int | float) else str(value))
