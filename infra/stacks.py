"""Which stacks a stage has, in the order in which they need each other, and how one is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy import stages

TEMPLATES = Path(__file__).resolve().parent
#: The first four and one `service` for each service come before the deploy, `schedule` after it, `ci` when wanted.
ORDER = ("network", "platform", "database", "api", "service", "schedule", "ci")
BEFORE_DEPLOY = ORDER[:5]
#: What Zappa calls the REST API in its stack.
_ZAPPAS_API = "Api"


class InfraError(Exception):
    """Something the operator has to mend; the message says what."""


@dataclasses.dataclass(frozen=True)
class Stack:
    """One stack of a stage, of the template of its kind."""

    kind: str
    stage: str
    service: str = ""

    @property
    def name(self) -> str:
        """The network is shared by all stages."""
        return "foundry-network" if self.kind == "network" else f"foundry-{self.stage}-{self.service or self.kind}"

    @property
    def template(self) -> str:
        return (TEMPLATES / f"{self.kind}.yaml").read_text()

    @property
    def parameters(self) -> Mapping[str, str]:
        """What follows from the stack's place; templates that do not ask for it do not get it."""
        gateway = self.kind in ("api", "ci") and stages.get(self.stage).settings["apigateway_enabled"]
        return {"Stage": self.stage, "Service": self.service, "Gateway": str(bool(gateway)).lower()}

    @property
    def tags(self) -> Mapping[str, str]:
        return {"project": "foundry"} if self.kind == "network" else {"project": "foundry", "stage": self.stage}


def of(stage: str, kinds: tuple[str, ...]) -> list[Stack]:
    """The stage's stacks of these kinds, first those that others need. Raises InfraError, DeployError."""
    if unknown := set(kinds) - set(ORDER):
        raise InfraError(f"There is no stack {', '.join(sorted(unknown))}; there are: {', '.join(ORDER)}.")
    return [stack for kind in ORDER if kind in kinds for stack in _of_kind(stage, kind)]


def _of_kind(stage: str, kind: str) -> Iterator[Stack]:
    if kind != "service":
        yield Stack(kind, stage)
        return
    yield from (Stack(kind, stage, each.service) for each in stages.family(stages.get(stage)) if each.service)


def describe(client: Any, stack: Stack) -> dict[str, Any] | None:
    """The stack as AWS knows it; None if there is none."""
    try:
        found: dict[str, Any] = client.describe_stacks(StackName=stack.name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found


def apply(client: Any, stack: Stack, values: Mapping[str, str]) -> str:
    """Create the stack, or update it and keep what `values` do not name; says which. Raises InfraError."""
    known = describe(client, stack)
    request = {
        "StackName": stack.name,
        "TemplateBody": stack.template,
        "Parameters": list(_parameters(client, stack, values, known)),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
    }
    if known is None:
        client.create_stack(**request)
        return _wait(client, stack, "stack_create_complete", "created")
    try:
        client.update_stack(**request)
    except ClientError as error:
        if "No updates" in str(error):
            return "unchanged"
        raise
    return _wait(client, stack, "stack_update_complete", "updated")


def asked(client: Any, stack: Stack) -> dict[str, str | None]:
    """The parameters that the stack's template has, with their defaults."""
    summary = client.get_template_summary(TemplateBody=stack.template)
    return {each["ParameterKey"]: each.get("DefaultValue") for each in summary["Parameters"]}


def _parameters(
    client: Any, stack: Stack, values: Mapping[str, str], known: dict[str, Any] | None
) -> Iterator[dict[str, str]]:
    """What is given, else what the stack has, else the default."""
    before = {each["ParameterKey"]: each["ParameterValue"] for each in (known or {}).get("Parameters", [])}
    given = {**before, **stack.parameters, **_api(client, stack), **values}
    for name, default in asked(client, stack).items():
        if (value := given.get(name, default)) is not None:
            yield {"ParameterKey": name, "ParameterValue": value}


def _api(client: Any, stack: Stack) -> dict[str, str]:
    """The id of the stage's REST API, which Zappa makes with a stack named as the function; nothing without one."""
    if stack.kind != "ci" or stack.parameters["Gateway"] == "false":
        return {}
    try:
        found = client.describe_stack_resource(
            StackName=stages.get(stack.stage).function, LogicalResourceId=_ZAPPAS_API
        )
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    return {"ApiId": found["StackResourceDetail"]["PhysicalResourceId"]}


def remove(client: Any, stack: Stack) -> str:
    """Delete the stack; says whether there was one. Raises InfraError."""
    if describe(client, stack) is None:
        return "not there"
    client.delete_stack(StackName=stack.name)
    return _wait(client, stack, "stack_delete_complete", "deleted")


def _wait(client: Any, stack: Stack, waiter: str, done: str) -> str:
    """An hour at most: a database in two zones takes half of one."""
    try:
        client.get_waiter(waiter).wait(StackName=stack.name, WaiterConfig={"Delay": 10, "MaxAttempts": 360})
    except WaiterError as error:
        reasons = "\n".join(f"  {reason}" for reason in _failures(client, stack)) or f"  {error}"
        raise InfraError(f"The stack {stack.name} was not {done}:\n{reasons}") from None
    return done


def _failures(client: Any, stack: Stack) -> Iterator[str]:
    for event in client.describe_stack_events(StackName=stack.name)["StackEvents"]:
        if event["ResourceStatus"].endswith("FAILED") and "ResourceStatusReason" in event:
            yield f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"


def variables(client: Any, stage: str) -> Iterator[tuple[str, str]]:
    """What a deploy needs to know of the stage's stacks: outputs named Foundry..., as environment variables."""
    for stack in of(stage, ORDER):
        for output in (describe(client, stack) or {}).get("Outputs", []):
            if output["OutputKey"].startswith("Foundry"):
                yield _variable(stack, output["OutputKey"]), output["OutputValue"]


def _variable(stack: Stack, output: str) -> str:
    """FoundryDeployBucket is FOUNDRY_DEPLOY_BUCKET; a function's role is named after its Zappa stage."""
    name = "".join(f"_{letter}" if letter.isupper() else letter for letter in output).strip("_").upper()
    if name != "FOUNDRY_ROLE":
        return name
    return "_".join(filter(None, [name, stack.stage.upper(), stack.service.replace("-", "_").upper()]))
