"""The templates as far as moto's CloudFormation goes.

What it lacks is named here, left out, and checked by cfn-lint and the policy tests alone. Where something refers to a
resource that is left out, a stand-in takes its place: a real secret for a secret, a made-up name for the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.infra.templates import load

LACKING = {
    "AWS::Budgets::Budget",
    "AWS::CloudWatch::Alarm",
    "AWS::IAM::OIDCProvider",
    "AWS::Logs::MetricFilter",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::Secret",
}
#: Properties on which moto stumbles: it gives the parameter group itself for its name.
LACKING_PROPERTIES = {"AWS::RDS::DBInstance": {"DBParameterGroupName"}}
#: Attributes of resources that moto does make.
LACKING_ATTRIBUTES = {"Database.MasterUserSecret.SecretArn", "Database.DbiResourceId"}


def reduced(path: Path, stand_ins: Mapping[str, str]) -> str:
    """The template as JSON; `stand_ins` are by "Name" or "Name.Attribute", without one it is the name itself."""
    template = load(path)
    gone = {name for name, resource in template["Resources"].items() if resource["Type"] in LACKING}
    kept = {name: _made(resource) for name, resource in template["Resources"].items() if name not in gone}
    return json.dumps(_replaced(template | {"Resources": kept}, gone, stand_ins))


def _made(resource: dict[str, Any]) -> dict[str, Any]:
    lacking = LACKING_PROPERTIES.get(resource["Type"], set())
    kept = {name: value for name, value in resource.get("Properties", {}).items() if name not in lacking}
    return resource | {"Properties": kept}


def _replaced(node: Any, gone: set[str], stand_ins: Mapping[str, str]) -> Any:
    def stand_in(reference: str) -> str | None:
        if reference in stand_ins or reference in LACKING_ATTRIBUTES or reference.split(".")[0] in gone:
            return stand_ins.get(reference, reference)
        return None

    if isinstance(node, list):
        return [_replaced(each, gone, stand_ins) for each in node]
    if isinstance(node, str):
        return re.sub(r"\$\{([\w.]+)\}", lambda found: stand_in(found[1]) or found[0], node)
    if not isinstance(node, dict):
        return node
    if set(node) == {"Ref"} and (name := stand_in(node["Ref"])):
        return name
    if set(node) == {"Fn::GetAtt"} and (name := stand_in(".".join(node["Fn::GetAtt"]))):
        return name
    return {key: _replaced(value, gone, stand_ins) for key, value in node.items()}
