"""The services there are: every package that declares a `SERVICE`, under `services/` or another of FOUNDRY_SERVICES."""

from __future__ import annotations

import functools
import importlib
import importlib.resources
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from django.conf import settings

from foundry.contract import Service


class UnknownServiceError(LookupError):
    """No service has that name; the message lists those there are."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no service {name!r}; there are: {', '.join(services())}.")


@functools.cache
def services() -> Mapping[str, Service]:
    """All services by their names, in alphabetical order."""
    return MappingProxyType({name: module.SERVICE for name, module in sorted(_modules().items())})


@functools.cache
def _modules() -> Mapping[str, ModuleType]:
    found = [module for package in settings.FOUNDRY_SERVICES for module in _modules_in(package)]
    return {module.SERVICE.name: module for module in found}


def _modules_in(package: str) -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if module.ispkg:
            yield importlib.import_module(f"{package}.{module.name}")


def method_notes(name: str) -> str:
    """The service's README.md, in Markdown; empty if it has none."""
    file = importlib.resources.files(_modules()[name]) / "README.md"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def get(name: str) -> Service:
    """The service of that name. Raises UnknownServiceError."""
    try:
        return services()[name]
    except KeyError:
        raise UnknownServiceError(name) from None


@functools.cache
def load(path: str) -> Any:
    """Import what a declaration names as "package.module:function"."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
