"""The services there are: every package that declares a `SERVICE`, under `services/` or another of FOUNDRY_SERVICES."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType
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
    found = [service for package in settings.FOUNDRY_SERVICES for service in _services_in(package)]
    return MappingProxyType({service.name: service for service in sorted(found, key=lambda service: service.name)})


def _services_in(package: str) -> Iterator[Service]:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if module.ispkg:
            yield importlib.import_module(f"{package}.{module.name}").SERVICE


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
