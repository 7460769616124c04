"""Fills in what zappa_settings.json leaves open: what the account says, and what the package holds."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from typing import Any

import boto3
from click import ClickException

from deploy import contents, environment, policy, quota, stages, variables
from deploy.errors import DeployError
from deploy.function import POSTMAN
from deploy.stages import Stage
from deploy.variables import value, words


def fill(cli: Any) -> None:
    """Called before Zappa does what it was asked to; `cli` is its `ZappaCLI`."""
    try:
        stage = stages.get(cli.api_stage)
        if cli.command in ("deploy", "update", "package"):
            contents.require_services(stage)
        if cli.command in ("deploy", "update"):
            variables.require(stage)
            quota.require(stage)
        _fill(cli, stage)
        if cli.command in ("deploy", "update", "package"):
            _choose(cli, stage)
    except DeployError as error:
        raise ClickException(str(error)) from None


def _fill(cli: Any, stage: Stage) -> None:
    """Set what Zappa has read into its attributes by now."""
    cli.s3_bucket_name = value(variables.BUCKET) or cli.s3_bucket_name
    cli.vpc_config = network()
    cli.domain = value(variables.DOMAIN)
    cli.aws_environment_variables = function_variables(stage)
    cli.tags = cli.zappa.tags = stage.settings["tags"]
    role = value(variables.role(stage))
    if role:
        cli.manage_roles = False
        cli.zappa.credentials_arn = role
    else:
        cli.zappa.attach_policy = policy.document(stage)


def network() -> dict[str, list[str]]:
    """Where the functions run; empty: in AWS's own network."""
    if not words(variables.SUBNETS):
        return {}
    return {"SubnetIds": words(variables.SUBNETS), "SecurityGroupIds": words(variables.GROUPS)}


def function_variables(stage: Stage) -> dict[str, str]:
    """The environment variables of the stage's function."""
    return (
        dict(_addresses(stage)) | dict(_elsewhere(stage)) | stage.variables | variables.passed_on() | dict(_own(stage))
    )


def _own(stage: Stage) -> Iterator[tuple[str, str]]:
    """A service's function has the API's send its messages, and finds in its package no other package of services."""
    if stage.service:
        yield "FOUNDRY_POSTMAN", f"{stages.get(stage.api).function}:{POSTMAN}"
    if stage.service and value(variables.SERVICES):
        yield variables.SERVICES.name, stages.package(stage.service).rpartition(".")[0]


def _addresses(stage: Stage) -> Iterator[tuple[str, str]]:
    """API Gateway makes up its host name when it is created, and lets no other reach the function."""
    if domain := value(variables.DOMAIN):
        yield variables.ADDRESS.name, f"https://{domain}"
    if stage.production:
        gateway = f".execute-api.{boto3.Session().region_name}.amazonaws.com"
        yield variables.HOSTS.name, ",".join([*variables.words(variables.DOMAIN), gateway])


def _elsewhere(stage: Stage) -> Iterator[tuple[str, str]]:
    """So that the API accepts no job for itself that only a service's function can compute."""
    elsewhere = sorted(other.service for other in stages.family(stage) if other.service)
    if elsewhere and stage.service is None:
        yield "FOUNDRY_COMPUTED_ELSEWHERE", ",".join(elsewhere)


def _choose(cli: Any, stage: Stage) -> None:
    """Leave out of the package all that the function does not need.

    Zappa copies first and removes `exclude_glob` then; what is hidden, or an environment, is not copied at all.
    """
    os.environ["VIRTUAL_ENV"] = str(environment.build(stage))
    hidden = [".*", "__pycache__", "node_modules", *(path.parent.name for path in stages.ROOT.glob("*/pyvenv.cfg"))]
    cli.override_stage_config_setting("exclude", hidden)
    cli.override_stage_config_setting("exclude_glob", [glob.escape(path) for path in contents.foreign(stage)])
