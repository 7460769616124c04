"""What a role may do, as its policies stand in IAM."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

import yaml

from tests.infra.templates import words
from tests.localaws import LocalAws


class Rights:
    """A role's policies: what is allowed and not refused; conditions are not weighed."""

    def __init__(self, aws: LocalAws, role: str) -> None:
        self._iam = aws.client("iam")
        self._statements = [each for document in self._documents(role.rsplit("/", 1)[1]) for each in document]

    @property
    def actions(self) -> set[str]:
        granted = [each for each in self._statements if each["Effect"] == "Allow"]
        return {action for each in granted for action in words(each["Action"])}

    def __call__(self, action: str, resource: str) -> bool:
        effects = {each["Effect"] for each in self._statements if self._matches(each, action, resource)}
        return effects == {"Allow"}

    @staticmethod
    def _matches(statement: dict[str, Any], action: str, resource: str) -> bool:
        return any(fnmatch.fnmatchcase(action, each) for each in words(statement["Action"])) and any(
            fnmatch.fnmatchcase(resource, each) for each in words(statement["Resource"])
        )

    def _documents(self, role: str) -> Iterator[list[dict[str, Any]]]:
        for name in self._iam.list_role_policies(RoleName=role)["PolicyNames"]:
            yield _parsed(self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])["Statement"]
        for each in self._iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            version = self._iam.get_policy(PolicyArn=each["PolicyArn"])["Policy"]["DefaultVersionId"]
            found = self._iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId=version)
            yield _parsed(found["PolicyVersion"]["Document"])["Statement"]


def _parsed(document: Any) -> Any:
    """What CloudFormation wrote, moto hands out as JSON in a string, or as Python would print it."""
    return yaml.safe_load(document) if isinstance(document, str) else document
