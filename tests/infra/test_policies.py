"""Who may do what, in the templates: nobody has a wildcard that is not named here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.stacks import TEMPLATES
from tests.infra.templates import PATHS, load, statements, words

#: The statements that need `*`, since their actions know no resource: only reads, held to the region.
WITHOUT_RESOURCE = {"LookAtInterfaces", "LookAtNetwork", "LookAtQuota"}
#: Reads that take a resource, but none narrower than all of a kind.
ALL_OF_A_KIND = {"FindLogs", "Rules"}
MANAGED_POLICY_LIMIT = 6144  # characters without white space


def too_wide(statement: dict[str, Any]) -> list[str]:
    """What is wrong with a statement; a refusal may be as wide as it likes."""
    if statement["Effect"] == "Deny":
        return []
    found = [part for part in ("NotAction", "NotResource", "NotPrincipal") if part in statement]
    found += [f"action {action}" for action in words(statement.get("Action", [])) if "*" in action]
    if statement.get("Sid") in WITHOUT_RESOURCE:
        held = "aws:RequestedRegion" in statement["Condition"]["StringEquals"]
        reads = all(action.startswith(("ec2:Describe", "lambda:GetAccount")) for action in words(statement["Action"]))
        return found + ([] if held and reads else ["reads of the region only may go without a resource"])
    if "Principal" in statement and "*" in json.dumps(statement["Principal"]):
        found.append("principal")
    return found + [f"resource {resource}" for resource in words(statement.get("Resource", [])) if resource == "*"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_statement_is_too_wide(path: Path) -> None:
    assert {name: wrong for name, each in statements(load(path)) if (wrong := too_wide(each))} == {}


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "*", "Resource": "arn"},
        {"Effect": "Allow", "Action": ["sqs:SendMessage", "s3:*"], "Resource": "arn"},
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn"},
        {"Effect": "Allow", "NotAction": "iam:PassRole", "Resource": "arn"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn", "*"]},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}},
        {
            "Sid": "LookAtInterfaces",
            "Effect": "Allow",
            "Action": "ec2:RunInstances",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": "here"}},
        },
    ],
)
def test_a_wide_statement_would_be_found(statement: dict[str, Any]) -> None:
    assert too_wide(statement)


def test_names_of_resources_end_in_a_star_only_where_it_is_said() -> None:
    wide = {
        statement["Sid"]
        for path in PATHS
        for _, statement in statements(load(path))
        if statement["Effect"] == "Allow"
        for resource in words(statement.get("Resource", []))
        if isinstance(resource, dict) and str(resource.get("Fn::Sub")).endswith((":rule/*", ":log-group:*"))
    }
    assert wide == ALL_OF_A_KIND


def test_github_must_name_the_repository_and_the_environment() -> None:
    [statement] = load(TEMPLATES / "ci.yaml")["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert set(statement["Condition"]) == {"StringEquals"}
    claims = statement["Condition"]["StringEquals"]
    assert claims["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    subjects = claims["token.actions.githubusercontent.com:sub"]["Fn::If"][1:]
    assert all(each["Fn::Sub"].startswith("repo:${Repository}:environment:$") for each in subjects)


def test_ci_passes_the_functions_roles_only_and_makes_none() -> None:
    granted = {
        action: statement
        for _, statement in statements(load(TEMPLATES / "ci.yaml"))
        for action in words(statement["Action"])
    }
    assert {action for action in granted if action.startswith("iam:")} == {"iam:PassRole"}
    assert granted["iam:PassRole"]["Resource"]["Fn::Sub"].endswith(":role/foundry/${Stage}/*")
    services = granted["iam:PassRole"]["Condition"]["StringEquals"]["iam:PassedToService"]
    assert set(services) == {"lambda.amazonaws.com", "apigateway.amazonaws.com"}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_managed_policies_fit_into_what_iam_takes(path: Path) -> None:
    for name, resource in load(path)["Resources"].items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            text = json.dumps(resource["Properties"]["PolicyDocument"], separators=(",", ":"))
            assert len(text) < MANAGED_POLICY_LIMIT, name


def test_mail_is_sent_from_the_identity_that_was_given_and_from_no_other() -> None:
    sending = [
        (path.stem, statement)
        for path in PATHS
        for _, statement in statements(load(path))
        if any(action.startswith("ses:") for action in words(statement["Action"]))
    ]
    [(template, statement)] = sending
    assert (template, statement["Sid"]) == ("api", "SendMail")
    assert statement["Resource"]["Fn::Sub"].endswith(":identity/${MailIdentity}")
    assert load(TEMPLATES / "api.yaml")["Parameters"]["MailIdentity"]["Default"] == ""
