"""What holds for the text of every template."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file
from moto.cloudformation.parsing import get_model_map

from deploy import variables
from infra.stacks import ORDER, TEMPLATES, Stack
from tests.infra.reduced import LACKING
from tests.infra.templates import PATHS, load

each_template = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@each_template
def test_cfn_lint_has_nothing_to_say(path: Path) -> None:
    assert lint_file(path) == []


@each_template
def test_no_account_region_or_partition_is_written_down(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\b\d{12}\b", text)
    assert not re.search(r"\barn:aws", text)
    assert not re.search(r"\b(us|eu|ap|sa|ca|cn|me|af|il|mx)-(gov-)?[a-z]+-\d\b", text)


@each_template
def test_no_password_is_written_down(path: Path) -> None:
    assert "MasterUserPassword:" not in path.read_text().replace("ManageMasterUserPassword:", "")


def test_every_template_is_in_the_order() -> None:
    assert {path.stem for path in TEMPLATES.glob("*.yaml")} == set(ORDER)


def test_stacks_import_only_what_earlier_ones_export() -> None:
    exported: set[str] = set()
    for path in PATHS:
        template = load(path)
        missing = {name for name in imports(template) if name not in exported}
        assert not missing, path
        exported |= exports(template, path.stem)


def test_the_database_is_private_encrypted_backed_up_and_kept() -> None:
    template = load(TEMPLATES / "database.yaml")
    database = template["Resources"]["Database"]
    properties = database["Properties"]
    assert database["DeletionPolicy"] == database["UpdateReplacePolicy"] == "Snapshot"
    assert properties["StorageEncrypted"] is True
    assert properties["PubliclyAccessible"] is False
    assert properties["ManageMasterUserPassword"] is True
    assert template["Parameters"]["DeletionProtection"]["Default"] == "true"
    assert template["Parameters"]["BackupDays"]["MinValue"] >= 1
    assert template["Resources"]["Settings"]["Properties"]["Parameters"]["rds.force_ssl"] == "1"


def test_every_bucket_is_private_encrypted_and_takes_tls_only() -> None:
    resources = load(TEMPLATES / "platform.yaml")["Resources"]
    buckets = {name: each["Properties"] for name, each in resources.items() if each["Type"] == "AWS::S3::Bucket"}
    assert set(buckets) == {"PackageBucket", "ArtifactBucket"}
    for name, properties in buckets.items():
        assert all(properties["PublicAccessBlockConfiguration"].values())
        assert properties["BucketEncryption"]
        [statement] = resources[f"{name}Tls"]["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_setting_of_the_functions_comes_out_of_a_stack() -> None:
    """Otherwise the next deployment from another machine would drop it."""
    given = {f"FOUNDRY_{name}" for path in PATHS for name in _settings(load(path))}
    others = {"DATABASE_URL", "FOUNDRY_DATABASE_AUTH"}  # in the place of the secret
    made = {"FOUNDRY_ALLOWED_HOSTS"}  # from the domain
    passed = {variable.name for variable in variables.VARIABLES if variable.passed}
    assert passed - others - made <= given
    assert "FOUNDRY_DOMAIN" in given


def _settings(template: dict[str, Any]) -> list[str]:
    outputs = [name.removeprefix("Foundry") for name in template.get("Outputs", {}) if name.startswith("Foundry")]
    return [re.sub(r"(?<=.)([A-Z])", r"_\1", name).upper() for name in outputs]


def test_the_alarm_hears_of_failures_that_the_sweep_takes_from_the_queue() -> None:
    alarm = load(TEMPLATES / "platform.yaml")["Resources"]["FailureAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("NumberOfMessagesSent", "Sum", 0)


@pytest.mark.parametrize(("stage", "gateway"), [("production", "true"), ("review", "false"), ("development", "false")])
def test_alarms_on_a_rest_api_are_for_stages_that_have_one(stage: str, gateway: str) -> None:
    assert {kind: Stack(kind, stage).parameters["Gateway"] for kind in ("api", "ci")} == {"api": gateway, "ci": gateway}
    resources = load(TEMPLATES / "api.yaml")["Resources"].items()
    on_apis = {name for name, each in resources if each["Properties"].get("Namespace") == "AWS/ApiGateway"}
    assert on_apis == {name for name, each in resources if each.get("Condition") == "HasGateway"} != set()
    assert not [name for name, each in resources if each["Properties"].get("MetricName") == "Duration"]


def test_cfn_lint_would_have_something_to_say(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((TEMPLATES / "platform.yaml").read_text().replace("SqsManagedSseEnabled", "Encrypted"))
    assert lint_file(wrong)


def imports(node: Any) -> set[str]:
    """The names a template imports; `${Network}` is the network's stack."""
    text = json.dumps(node)
    found = re.findall(r'"Fn::ImportValue": \{"Fn::Sub": "([^"]+)"\}', text)
    assert len(found) == text.count("Fn::ImportValue")
    return {name.replace("${Network}", "foundry-network") for name in found}


def exports(template: dict[str, Any], kind: str) -> set[str]:
    stack = "foundry-network" if kind == "network" else "foundry-${Stage}-" + kind
    names = [
        output["Export"]["Name"]["Fn::Sub"] for output in template.get("Outputs", {}).values() if "Export" in output
    ]
    return {name.replace("${AWS::StackName}", stack) for name in names}


def test_what_the_local_aws_cannot_make_is_named() -> None:
    used = {resource["Type"] for path in PATHS for resource in load(path)["Resources"].values()}
    assert {kind for kind in used if kind not in get_model_map()} == LACKING
