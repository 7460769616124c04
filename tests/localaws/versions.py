"""Which version of which function an invocation means, found among moto's functions as AWS finds it."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaAlias, LambdaFunction, lambda_backends

from tests.localaws import settling
from tests.localaws.errors import AwsError

LATEST = "$LATEST"

#: A name, a partial ARN or an ARN, each with or without a qualifier.
_NAME = re.compile(
    r"(?:arn:[\w-]+:lambda:[\w-]+:)?(?:\d{12}:)?(?:function:)?(?P<function>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)


@dataclass(frozen=True)
class Version:
    """A function's code and configuration as one environment runs them; `number` is "$LATEST" or a published one."""

    account: str
    region: str
    function: str
    number: str
    handler: str
    runtime: str
    timeout: int
    memory: int
    environment: Mapping[str, str]
    digest: str
    code: bytes = field(repr=False)

    @property
    def arn(self) -> str:
        """The function's, unqualified."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.function}"

    @property
    def key(self) -> str:
        """Equal for versions that may share environments."""
        parts = [self.arn, self.number, self.handler, self.timeout, self.memory, dict(self.environment), self.digest]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.function}:{self.number}"


@dataclass(frozen=True)
class Target:
    """What was invoked: the version, and the name by which it was."""

    version: Version
    qualifier: str | None

    @property
    def invoked_arn(self) -> str:
        return f"{self.version.arn}:{self.qualifier}" if self.qualifier else self.version.arn


def split(name: str) -> tuple[str, str | None]:
    """Function and qualifier of a name, partial ARN or ARN. Raises AwsError."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise AwsError(400, "ValidationException", f"Value '{name}' at 'functionName' is no function's name or ARN")
    return match["function"], match["qualifier"]


def find(account: str, region: str, name: str, qualifier: str | None = None) -> Target:
    """Raises AwsError (404) if there is no such function, version or alias."""
    function, named = split(name)
    if named and qualifier and named != qualifier:
        message = "The derived qualifier from the function name does not match the specified qualifier."
        raise AwsError(400, "InvalidParameterValueException", message)
    chosen = named or qualifier
    latest = _function(account, region, function, None)
    alias = _alias(latest, chosen)
    number = _weighted(alias) if alias else chosen
    return Target(described(_function(account, region, function, number)), chosen)


def require_active(target: Target) -> None:
    """Raises AwsError while what was invoked is not there yet."""
    version = target.version
    settling.require_active(_function(version.account, version.region, version.function, version.number))


def is_current(version: Version) -> bool:
    """Whether an invocation could still mean this version, with this code and configuration."""
    try:
        found = _function(version.account, version.region, version.function, version.number)
    except AwsError:
        return False
    return described(found).key == version.key


def reserved_concurrency(version: Version) -> int | None:
    """None without a reservation, or when the function is gone."""
    try:
        reserved = _function(version.account, version.region, version.function, None).reserved_concurrency
    except AwsError:
        return None
    return None if reserved is None else int(reserved)


def reservations(version: Version) -> dict[str, int]:
    """The reserved concurrency of all functions of the account in the version's region, by ARN."""
    functions = lambda_backends[version.account][version.region].list_functions()
    return {f.function_arn: int(f.reserved_concurrency) for f in functions if f.reserved_concurrency is not None}


def dead_letter_arn(version: Version) -> str | None:
    """The queue that failed asynchronous events of this version go to."""
    try:
        found = _function(version.account, version.region, version.function, version.number)
    except AwsError:
        return None
    config: Mapping[str, str] = getattr(found, "dead_letter_config", None) or {}
    return config.get("TargetArn") or None


def _function(account: str, region: str, name: str, qualifier: str | None) -> LambdaFunction:
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}{':' + qualifier if qualifier else ''}"
    try:
        found = lambda_backends[account][region].get_function(name, qualifier)
    except UnknownFunctionException:
        found = None
    if found is None:
        raise AwsError(404, "ResourceNotFoundException", f"Function not found: {arn}", {"Type": "User"})
    return found


def _alias(function: LambdaFunction, qualifier: str | None) -> LambdaAlias | None:
    backend = lambda_backends[function.account_id][function.region]
    aliases = {alias.name: alias for alias in backend.list_aliases(function.function_name)}
    return aliases.get(qualifier or "")


def _weighted(alias: LambdaAlias) -> str:
    """One of the versions that the alias shares its traffic between."""
    routing: Any = alias.routing_config or {}
    drawn = random.random()
    for number, weight in (routing.get("AdditionalVersionWeights") or {}).items():
        drawn -= weight
        if drawn < 0:
            return str(number)
    return str(alias.function_version)


def described(function: LambdaFunction) -> Version:
    """moto's function or version as one of ours."""
    return Version(
        account=function.account_id,
        region=function.region,
        function=function.function_name,
        number=str(function.version),
        handler=str(function.handler),
        runtime=str(function.run_time),
        timeout=int(function.timeout),
        memory=int(function.memory_size),
        environment=dict(function.environment_vars),
        digest=function.code_digest.removeprefix("sha256:"),
        code=function.code_bytes,
    )
