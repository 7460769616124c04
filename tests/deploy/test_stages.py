"""zappa_settings.json: what it declares holds together, and what it must not hold is not there."""

from __future__ import annotations

import re

import pytest

from deploy import stages
from deploy.errors import DeployError
from deploy.stages import SETTINGS_FILE
from foundry.aws.task import MARGIN_S

PRODUCTION = [stage.name for stage in stages.family(stages.get("production"))]
SERVICES = [name for name in PRODUCTION if stages.get(name).service]
#: The toy services of the tests have no stage.
REAL = {name for name, package in stages.packages().items() if package.startswith("services.")}


def test_functions_are_named_as_zappa_names_them():
    assert stages.get("production_compute_dna").function == "foundry-production-compute-dna"


def test_each_service_has_a_function_of_its_own_in_production():
    assert {stages.get(name).service for name in SERVICES} == REAL
    assert stages.computed_by(stages.get("production")) == [
        service for name, service in sorted(stages.services().items()) if name not in REAL
    ]


def test_development_computes_everything():
    assert {service.name for service in stages.computed_by(stages.get("development"))} == set(stages.services())


@pytest.mark.parametrize("name", SERVICES)
def test_a_function_can_do_what_its_service_declares(name):
    stage = stages.get(name)
    limits = stages.service(str(stage.service)).limits
    assert stage.settings["memory_size"] >= limits.memory_mb
    assert limits.timeout_s + MARGIN_S < stage.settings["timeout_seconds"] <= 900
    assert stage.concurrency >= limits.concurrency


def test_development_can_compute_every_service():
    development = stages.get("development").settings
    limits = [stages.service(name).limits for name in REAL]
    assert development["memory_size"] >= max(limit.memory_mb for limit in limits)
    assert development["timeout_seconds"] > max(limit.timeout_s for limit in limits) + MARGIN_S


@pytest.mark.parametrize("name", ["development", "review", *PRODUCTION])
def test_no_stage_leaves_zappas_dangerous_defaults(name):
    settings = stages.get(name).settings
    assert settings["lambda_handler"] == "foundry.aws.entry.handler"
    assert (settings["debug"], settings["log_level"], settings["keep_warm"]) == (False, "INFO", False)
    assert settings["events"] == []
    assert settings["num_retained_versions"] is None
    assert settings["use_precompiled_packages"] is False
    assert not settings.get("function_url_enabled")
    assert not settings.get("environment_variables")


def test_only_the_api_has_an_http_front():
    fronts = [
        name for name in ["development", "review", *PRODUCTION] if stages.get(name).settings["apigateway_enabled"]
    ]
    assert fronts == ["production"]


def test_nothing_in_the_file_belongs_to_an_account():
    assert not re.search(r"arn:|\d{12}|postgres|secret|subnet-|sg-|amazonaws", SETTINGS_FILE.read_text())


def test_a_services_stage_inherits_the_variables_of_the_api():
    assert stages.get("production_compute_dna").variables == {
        "FOUNDRY_DISPATCHER": "foundry.aws.dispatcher.LambdaDispatcher",
        "FOUNDRY_PRODUCTION": "1",
        "FOUNDRY_SERVICE": "compute-dna",
    }


def test_an_unknown_stage_is_named_with_those_there_are():
    with pytest.raises(DeployError, match=r"no stage 'staging'.*development, review, production"):
        stages.get("staging")
