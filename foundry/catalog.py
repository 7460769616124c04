"""The services there are: every package under `services/` that declares a `SERVICE`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import services as services_package
from foundry.contract import Service


class UnknownServiceError(LookupError):
    """No service has that name; the message lists those there are."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no service {name!r}; there are: {', '.join(services())}.")


@functools.cache
def services() -> Mapping[str, Service]:
    """All services by their names, in alphabetical order."""
    modules = (
        importlib.import_module(f"services.{module.name}")
        for module in pkgutil.iter_modules(services_package.__path__)
        if module.ispkg
    )
    found: list[Service] = [module.SERVICE for module in modules]
    return MappingProxyType({service.name: service for service in sorted(found, key=lambda service: service.name)})


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
