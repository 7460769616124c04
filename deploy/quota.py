"""Whether the account lets as many invocations run at once as the functions reserve."""

from __future__ import annotations

from typing import Any

import boto3

from deploy import stages
from deploy.errors import DeployError
from deploy.stages import Stage

#: AWS leaves so many to functions that reserve none, and refuses what would leave fewer.
KEPT = 100
#: "Concurrent executions" of Lambda among AWS's service quotas.
CODE = "L-B99A9384"


def require(stage: Stage) -> None:
    """Raises DeployError if the functions of the stage's family reserve more than the account has; it names both."""
    if stage.concurrency is None:
        return
    client = boto3.client("lambda")
    limit = client.get_account_settings()["AccountLimit"]
    wanted = {member.function: member.concurrency or 0 for member in stages.family(stage)}
    free = limit["UnreservedConcurrentExecutions"] + sum(_reserved(client, name) for name in wanted) - KEPT
    if sum(wanted.values()) > free:
        raise DeployError(_too_few(limit["ConcurrentExecutions"], wanted, free))


def _reserved(client: Any, function: str) -> int:
    """What the function has now; 0 if it is not deployed."""
    try:
        found = client.get_function_concurrency(FunctionName=function)
    except client.exceptions.ResourceNotFoundException:
        return 0
    return int(found.get("ReservedConcurrentExecutions", 0))


def _too_few(quota: int, wanted: dict[str, int], free: int) -> str:
    total = sum(wanted.values())
    each = ", ".join(f"{name} {concurrency}" for name, concurrency in wanted.items())
    return (
        f"The account may run {quota} invocations at once (Lambda's quota `Concurrent executions`, {CODE}); without "
        f"the {KEPT} that AWS keeps free and what other functions reserve, {max(0, free)} are left, and these "
        f"functions reserve {total}: {each}. Ask AWS for {quota + total - free} or more:\n"
        f"  aws service-quotas request-service-quota-increase --service-code lambda --quota-code {CODE} "
        f"--desired-value {quota + total - free}\n"
        "or lower lambda_concurrency in zappa_settings.json."
    )
