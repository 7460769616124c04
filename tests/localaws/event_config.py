"""What Lambda is told about asynchronous events of a function: retries, age, destinations, loops.

Kept for each qualifier on its own, as AWS keeps it: what is set for a function's name is not set for its versions.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tests.localaws import versions
from tests.localaws.errors import AwsError
from tests.localaws.versions import LATEST, Target, Version

_ALLOWED = {"MaximumRetryAttempts": (0, 2), "MaximumEventAgeInSeconds": (60, 21600)}


@dataclass(frozen=True)
class EventConfig:
    """AWS's defaults where nothing is set. Destinations are ARNs."""

    retries: int = 2
    age_seconds: float = 21600.0
    on_success: str | None = None
    on_failure: str | None = None


class EventConfigs:
    """`age_scale` shortens the maximum age, for tests: it cannot be set under a minute."""

    def __init__(self, age_scale: float) -> None:
        self._age_scale = age_scale
        self._configs: dict[tuple[str, str], dict[str, Any]] = {}
        self._loops_allowed: set[str] = set()

    def of(self, target: Target) -> EventConfig:
        told = self._configs.get(_key(target), {})
        destinations = told.get("DestinationConfig") or {}
        return EventConfig(
            retries=told.get("MaximumRetryAttempts", 2),
            age_seconds=told.get("MaximumEventAgeInSeconds", 21600) * self._age_scale,
            on_success=(destinations.get("OnSuccess") or {}).get("Destination"),
            on_failure=(destinations.get("OnFailure") or {}).get("Destination"),
        )

    def put(self, target: Target, config: dict[str, Any]) -> dict[str, Any]:
        """In the place of what is set. Raises AwsError."""
        for name, (least, most) in _ALLOWED.items():
            if not least <= config.get(name, least) <= most:
                message = f"{name} must be from {least} to {most}, not {config[name]}."
                raise AwsError(400, "InvalidParameterValueException", message)
        kept = {name: config[name] for name in (*_ALLOWED, "DestinationConfig") if config.get(name) is not None}
        self._configs[_key(target)] = {**kept, "LastModified": time.time()}
        return self.get(target)

    def update(self, target: Target, config: dict[str, Any]) -> dict[str, Any]:
        """Raises AwsError."""
        return self.put(target, {**self.get(target), **config})

    def get(self, target: Target) -> dict[str, Any]:
        """As AWS's API answers. Raises AwsError if nothing is set."""
        arn, qualifier = _key(target)
        if (arn, qualifier) not in self._configs:
            message = f"The function {arn}:{qualifier} doesn't have an EventInvokeConfig"
            raise AwsError(404, "ResourceNotFoundException", message)
        return {"FunctionArn": f"{arn}:{qualifier}", **self._configs[arn, qualifier]}

    def delete(self, target: Target) -> None:
        """Raises AwsError if nothing is set."""
        self.get(target)
        del self._configs[_key(target)]

    def all(self, version: Version) -> list[dict[str, Any]]:
        """For all of the function's qualifiers."""
        return [
            {"FunctionArn": f"{arn}:{qualifier}", **config}
            for (arn, qualifier), config in self._configs.items()
            if arn == version.arn
        ]

    def allow_loops(self, version: Version, *, allowed: bool) -> None:
        (self._loops_allowed.add if allowed else self._loops_allowed.discard)(version.arn)

    def stops_loops(self, version: Version) -> bool:
        return version.arn not in self._loops_allowed

    def forget_gone(self) -> None:
        """What was told about functions, versions and aliases that are no more."""
        self._configs = {key: config for key, config in self._configs.items() if _exists(*key)}
        self._loops_allowed = {arn for arn in self._loops_allowed if _exists(arn, LATEST)}


def _key(target: Target) -> tuple[str, str]:
    return target.version.arn, target.qualifier or LATEST


def _exists(arn: str, qualifier: str) -> bool:
    _, _, _, region, account, _, name = arn.split(":")
    try:
        versions.find(account, region, name, qualifier)
    except AwsError:
        return False
    return True
