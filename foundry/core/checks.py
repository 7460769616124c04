"""What `manage.py check`, and every command that starts, finds wrong with the platform's own settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from foundry import catalog
from foundry.contract import Service


@register
def check_dispatcher(app_configs: Any, **options: Any) -> Sequence[CheckMessage]:
    """FOUNDRY_DISPATCHER names a class."""
    try:
        import_string(settings.FOUNDRY_DISPATCHER)
    except ImportError as error:
        return [Error(f"FOUNDRY_DISPATCHER: {error}", id="foundry.E001")]
    return []


@register
def check_services(app_configs: Any, **options: Any) -> Sequence[CheckMessage]:
    """FOUNDRY_SERVICES names packages, and each service what there is."""
    try:
        found = catalog.services().values()
    except (ImportError, AttributeError) as error:
        return [Error(f"FOUNDRY_SERVICES={','.join(settings.FOUNDRY_SERVICES)}: {error}", id="foundry.E002")]
    return [error for service in found for error in _broken_paths(service)]


def _broken_paths(service: Service) -> Iterator[CheckMessage]:
    """Modules are looked for and not imported: they may need what only the service's slots have."""
    for path in (service.compute, *(artifact.render for artifact in service.artifacts)):
        module, separator, _ = path.partition(":")
        try:
            there = separator and find_spec(module)
        except ImportError:
            there = None
        if not there:
            yield Error(f"{service.name}: there is no {path!r}; write 'package.module:function'.", id="foundry.E003")
