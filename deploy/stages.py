"""Zappa's stages as zappa_settings.json declares them: one function each."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import os
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from deploy.errors import DeployError
from foundry.contract import Service

ROOT = Path(__file__).resolve().parent.parent
SETTINGS_FILE = ROOT / "zappa_settings.json"
#: Of these, a stage adds to what it extends; Zappa itself would replace them.
_MERGED = ("aws_environment_variables", "tags")


@dataclasses.dataclass(frozen=True)
class Stage:
    """One stage with what it inherits."""

    name: str
    settings: Mapping[str, Any]
    #: The stage of the API this one works for; the stage itself if it is that.
    api: str

    @property
    def function(self) -> str:
        """The name of the Lambda function, as Zappa makes it."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.settings['project_name']}-{self.name}".lower())

    @property
    def variables(self) -> dict[str, str]:
        """The function's environment variables that are the same in every account."""
        return dict(self.settings.get("aws_environment_variables", {}))

    @property
    def service(self) -> str | None:
        """The one service this function computes; None if it is not a service's."""
        return self.variables.get("FOUNDRY_SERVICE")

    @property
    def has_services(self) -> bool:
        """Whether this is an API with services in functions of their own."""
        return not self.service and len(family(self)) > 1

    @property
    def production(self) -> bool:
        return self.variables.get("FOUNDRY_PRODUCTION") == "1"

    @property
    def concurrency(self) -> int | None:
        """How many invocations may run at once; None: as many as the account has."""
        return self.settings.get("lambda_concurrency")


def get(name: str) -> Stage:
    """The stage of that name. Raises DeployError."""
    declared = _declared()
    if name not in declared:
        raise DeployError(f"There is no stage {name!r} in zappa_settings.json; there are: {', '.join(declared)}.")
    return Stage(name, _resolved(name), _api(name))


def family(stage: Stage) -> list[Stage]:
    """The stage of the API and those of its services."""
    return [get(name) for name in _declared() if _api(name) == stage.api]


def computed_by(stage: Stage) -> list[Service]:
    """The services whose jobs the stage's function computes, by name."""
    if stage.service:
        return [service(stage.service)]
    elsewhere = {other.service for other in family(stage)}
    return [declared for name, declared in services().items() if name not in elsewhere]


@functools.cache
def services() -> Mapping[str, Service]:
    """All services by name. The catalog knows the same, but asks Django's settings."""
    return {name: importlib.import_module(package).SERVICE for name, package in packages().items()}


@functools.cache
def packages() -> Mapping[str, str]:
    """The package of each service, as "services.compute_dna", by the service's name."""
    found = {
        f"{package}.{module.name}"
        for package in os.environ.get("FOUNDRY_SERVICES", "services").replace(",", " ").split()
        for module in pkgutil.iter_modules(_imported(package).__path__)
        if module.ispkg
    }
    return {_imported(package).SERVICE.name: package for package in sorted(found)}


def source(imported: str) -> Path:
    """The file that a package is imported from."""
    return Path(str(_imported(imported).__file__)).resolve()


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise DeployError(f"FOUNDRY_SERVICES names {name}, and there is no {error.name} in {ROOT}.") from None


def service(name: str) -> Service:
    """The service of that name. Raises DeployError."""
    declared: Service = _imported(package(name)).SERVICE
    return declared


def package(name: str) -> str:
    """The package of the service of that name. Raises DeployError."""
    if name not in packages():
        raise DeployError(f"There is no service {name!r} in FOUNDRY_SERVICES; there are: {', '.join(packages())}.")
    return packages()[name]


@functools.cache
def _declared() -> dict[str, dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = json.loads(SETTINGS_FILE.read_text())
    return declared


def _resolved(name: str) -> dict[str, Any]:
    own = _declared()[name]
    if "extends" not in own:
        return own
    inherited = _resolved(own["extends"])
    return inherited | own | {key: inherited.get(key, {}) | own.get(key, {}) for key in _MERGED}


def _api(name: str) -> str:
    """A stage with a service of its own works for the stage it extends."""
    own = _declared()[name]
    return own["extends"] if "FOUNDRY_SERVICE" in own.get("aws_environment_variables", {}) else name
