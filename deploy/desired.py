"""What a deployed function should be like, beyond its code: each setting with how to read and how to change it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from deploy import settings, throttling, variables
from deploy.function import OPERATOR, POSTMAN, Function
from deploy.setting import Setting

#: How long logs are kept.
LOG_DAYS = 30
#: An event that found no free slot for so long is given up: the sweep sends another each minute.
EVENT_AGE_S = 300
#: The same of an event to the alias `postman`, the least that AWS takes; nobody has to know, for the sweep sends too.
WAKING_AGE_S = 60
#: What a published version holds, and must be published anew when it changes.
_PUBLISHED = (
    "CodeSha256", "Environment", "EphemeralStorage", "Handler", "KMSKeyArn", "Layers", "MemorySize", "Role", "Runtime",
    "Timeout", "VpcConfig",
)  # fmt: skip


def of(function: Function) -> Iterator[Setting]:
    """The settings of a function, in an order in which each may rest on those before."""
    yield from _configuration(function)
    yield _concurrency(function)
    if function.stage.settings["apigateway_enabled"]:
        yield throttling.of(function)
    yield _recursion(function)
    yield _tags(function)
    yield _log_retention(function)
    yield _published(function)
    newest = (function.versions() or ["none"])[-1]
    yield _alias(function, OPERATOR, newest)
    # AWS keeps these for each qualifier by itself, and work goes to versions.
    for qualifier in ("$LATEST", OPERATOR, *function.versions()):
        yield _events(function, qualifier, age_s=EVENT_AGE_S, failures=variables.value(variables.FAILURES))
    if function.stage.has_services:
        yield _alias(function, POSTMAN, newest)
        yield _events(function, POSTMAN, age_s=WAKING_AGE_S, failures=None)


def _configuration(function: Function) -> Iterator[Setting]:
    declared = function.stage.settings
    yield _configured(function, "memory (MB)", "MemorySize", declared["memory_size"])
    yield _configured(function, "timeout (s)", "Timeout", declared["timeout_seconds"])
    yield _configured(function, "handler", "Handler", declared["lambda_handler"])
    yield _configured(function, "runtime", "Runtime", declared["runtime"])
    if role := variables.value(variables.role(function.stage)):
        yield _configured(function, "role", "Role", role)
    network = settings.network()
    yield Setting(
        name="network",
        desired={key: sorted(ids) for key, ids in network.items()},
        read=lambda: (
            {key: sorted(ids) for key in network if (ids := _network(function).get(key))} or _network(function)
        ),
        write=lambda: function.configure(VpcConfig=network or {"SubnetIds": [], "SecurityGroupIds": []}),
    )
    environment = settings.function_variables(function.stage)
    yield Setting(
        name="environment",
        desired=environment,
        read=lambda: function.configuration().get("Environment", {}).get("Variables", {}),
        write=lambda: function.configure(Environment={"Variables": environment}),
        show=lambda found: _differing(found, environment),
    )
    yield Setting(
        name="dead letter queue",
        desired=None,
        read=lambda: function.configuration().get("DeadLetterConfig", {}).get("TargetArn") or None,
        write=lambda: function.configure(DeadLetterConfig={"TargetArn": ""}),
    )


def _configured(function: Function, name: str, key: str, desired: Any) -> Setting:
    return Setting(
        name=name,
        desired=desired,
        read=lambda: function.configuration().get(key),
        write=lambda: function.configure(**{key: desired}),
    )


def _network(function: Function) -> dict[str, list[str]]:
    """Empty if the function runs in AWS's own network."""
    found = function.configuration().get("VpcConfig", {})
    return {key: found[key] for key in ("SubnetIds", "SecurityGroupIds") if found.get(key)}


def _differing(found: Mapping[str, str], desired: Mapping[str, str]) -> str:
    """The names of variables alone, for values may be secret."""
    differing = sorted(name for name in found.keys() | desired.keys() if found.get(name) != desired.get(name))
    return f"differing in {', '.join(differing)}" if differing else f"{len(desired)} variables"


def _concurrency(function: Function) -> Setting:
    desired, name = function.stage.concurrency, function.name

    def write() -> None:
        if desired is None:
            function.client.delete_function_concurrency(FunctionName=name)
        else:
            function.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=desired)

    return Setting(
        name="reserved concurrency",
        desired=desired,
        read=lambda: function.client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions"),
        write=write,
    )


def _recursion(function: Function) -> Setting:
    """A slot whose time is up sends the next one, which AWS would take for a loop and stop at the sixteenth.

    The chain ends when the queue is empty, and reserved concurrency bounds it.
    """
    return Setting(
        name="recursive invokes",
        desired="Allow",
        read=lambda: function.client.get_function_recursion_config(FunctionName=function.name)["RecursiveLoop"],
        write=lambda: function.client.put_function_recursion_config(FunctionName=function.name, RecursiveLoop="Allow"),
    )


def _tags(function: Function) -> Setting:
    """Others may add tags of theirs."""
    desired = function.stage.settings["tags"]

    def read() -> dict[str, str]:
        found = function.client.list_tags(Resource=_arn(function))["Tags"]
        return {name: found[name] for name in desired if name in found}

    return Setting(
        name="tags",
        desired=desired,
        read=read,
        write=lambda: function.client.tag_resource(Resource=_arn(function), Tags=desired),
    )


def _arn(function: Function) -> str:
    """The function's ARN without a version."""
    return ":".join(str(function.configuration()["FunctionArn"]).split(":")[:7])


def _log_retention(function: Function) -> Setting:
    logs, group = boto3.client("logs"), f"/aws/lambda/{function.name}"

    def read() -> int | None:
        found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        return next((entry.get("retentionInDays") for entry in found if entry["logGroupName"] == group), None)

    def write() -> None:
        # The function's first invocation may have made it.
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=group)
        logs.put_retention_policy(logGroupName=group, retentionInDays=LOG_DAYS)

    return Setting(name="log retention (days)", desired=LOG_DAYS, read=read, write=write)


def _published(function: Function) -> Setting:
    """Zappa publishes a version before it changes the configuration, so that one has the old configuration."""

    def read() -> str:
        versions = function.versions()
        if not versions:
            return "nothing"
        newest, latest = function.configuration(versions[-1]), function.configuration()
        differing = [key for key in _PUBLISHED if newest.get(key) != latest.get(key)]
        return f"other {', '.join(differing)}" if differing else "the newest code and configuration"

    return Setting(
        name="published",
        desired="the newest code and configuration",
        read=read,
        write=function.publish,
    )


def _alias(function: Function, name: str, newest: str) -> Setting:
    def write() -> None:
        change = function.client.update_alias if function.alias(name) else function.client.create_alias
        change(FunctionName=function.name, Name=name, FunctionVersion=newest)

    return Setting(name=f"alias {name}", desired=newest, read=lambda: function.alias(name), write=write)


def _events(function: Function, qualifier: str, *, age_s: int, failures: str | None) -> Setting:
    """No retries by AWS, for the database has its own; what fails goes to a queue, if one is given."""
    destination = {"OnFailure": {"Destination": failures}} if failures else {}

    def read() -> dict[str, Any]:
        try:
            found = function.client.get_function_event_invoke_config(FunctionName=function.name, Qualifier=qualifier)
        except function.client.exceptions.ResourceNotFoundException:
            return {}
        told = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        return _shown(found.get("MaximumRetryAttempts"), found.get("MaximumEventAgeInSeconds"), told)

    return Setting(
        name=f"events to {qualifier}",
        desired=_shown(0, age_s, failures),
        read=read,
        write=lambda: function.client.put_function_event_invoke_config(
            FunctionName=function.name,
            Qualifier=qualifier,
            MaximumRetryAttempts=0,
            MaximumEventAgeInSeconds=age_s,
            DestinationConfig=destination,
        ),
    )


def _shown(retries: int | None, age_s: int | None, failures: str | None) -> dict[str, Any]:
    return {"retries": retries, "age (s)": age_s, "failures to": failures}
