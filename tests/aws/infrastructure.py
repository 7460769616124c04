"""A stage's stacks on the local AWS, made by the command that makes them on AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from infra import stacks
from infra.__main__ import main
from tests.infra.reduced import reduced
from tests.infra.templates import load
from tests.localaws import LocalAws


def secret(aws: LocalAws, name: str, value: str) -> str:
    """A new secret's ARN."""
    arn: str = aws.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"]
    return arn


def stand_ins(variables: Mapping[str, str]) -> dict[str, str]:
    """For the secrets that CloudFormation makes on AWS."""
    return {
        "Database.MasterUserSecret.SecretArn": variables["FOUNDRY_DATABASE_SECRET"],
        "DjangoKey": variables["FOUNDRY_SECRET_KEY_SECRET"],
    }


@contextmanager
def command(aws: LocalAws, stand_ins: Mapping[str, str]) -> Iterator[None]:
    """Within it `infra` works on the local AWS, with templates as far as moto goes."""

    def template(stack: stacks.Stack) -> str:
        return reduced(stacks.TEMPLATES / f"{stack.kind}.yaml", stand_ins)

    with (
        mock.patch.dict("os.environ", aws.environ),
        mock.patch.object(stacks.Stack, "template", property(template)),
    ):
        yield


def make(aws: LocalAws, stage: str, *, password: Mapping[str, str], host: str = "") -> dict[str, str]:
    """The stage's stacks but those that come after the deploy. Returns the variables.

    `password` is what RDS keeps as a secret, `host` where the database is if moto's made-up address will not do.
    """
    secrets = {
        "FOUNDRY_DATABASE_SECRET": secret(aws, f"rds!db-{stage}", json.dumps(password)),
        "FOUNDRY_SECRET_KEY_SECRET": secret(aws, f"django-{stage}", "x" * 64),
    }
    place = {"Database.Endpoint.Address": host} if host else {}
    with command(aws, stand_ins(secrets) | place):
        assert main(["up", stage]) == 0
    attach(aws, stage, "api", "service")
    return dict(stacks.variables(aws.client("cloudformation"), stage))


def attach(aws: LocalAws, stage: str, *kinds: str) -> None:
    """Gives roles the managed policies that their templates name; moto's CloudFormation makes roles without."""
    client = aws.client("cloudformation")
    exported = {each["Name"]: each["Value"] for each in client.list_exports()["Exports"]}
    for stack in stacks.of(stage, kinds):
        made = client.describe_stack_resources(StackName=stack.name)["StackResources"]
        ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in made if "LogicalResourceId" in each}
        role = load(stacks.TEMPLATES / f"{stack.kind}.yaml")["Resources"]["Role"]["Properties"]
        for policy in role["ManagedPolicyArns"]:
            policy = policy.get("Fn::If", [None, policy])[1]
            if policy.get("Ref", "") not in {"", *ids}:
                continue  # made on a condition
            name = policy.get("Fn::ImportValue", {}).get("Fn::Sub", "")
            name = name.replace("${Network}", "foundry-network").replace("${Stage}", stage)
            arn = exported[name] if name else ids[policy["Ref"]]
            aws.client("iam").attach_role_policy(RoleName=ids["Role"], PolicyArn=arn)


def _detach(aws: LocalAws) -> None:
    client = aws.client("iam")
    for role in client.list_roles()["Roles"]:
        for policy in client.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]:
            client.detach_role_policy(RoleName=role["RoleName"], PolicyArn=policy["PolicyArn"])


def remove(aws: LocalAws, stage: str) -> None:
    """All of the stage's stacks, and the network."""
    _detach(aws)
    with command(aws, {}):
        assert main(["down", stage]) == 0
        _drop_route_tables(aws)
        assert main(["down", stage, "network"]) == 0


def _drop_route_tables(aws: LocalAws) -> None:
    """moto's CloudFormation leaves them, and then the VPC cannot go."""
    client = aws.client("ec2")
    for table in client.describe_route_tables()["RouteTables"]:
        for link in table["Associations"]:
            if not link["Main"]:
                client.disassociate_route_table(AssociationId=link["RouteTableAssociationId"])
        if not any(link["Main"] for link in table["Associations"]):
            client.delete_route_table(RouteTableId=table["RouteTableId"])
