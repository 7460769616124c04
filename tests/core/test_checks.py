"""Settings that name what there is not are found when a command starts."""

import dataclasses

import pytest

from foundry import catalog
from foundry.core.checks import check_dispatcher, check_services


def test_the_settings_of_the_tests_are_in_order():
    assert [*check_dispatcher(None), *check_services(None)] == []


def test_a_dispatcher_that_there_is_not(settings):
    settings.FOUNDRY_DISPATCHER = "foo.Bar"
    assert "FOUNDRY_DISPATCHER: No module named 'foo'" in check_dispatcher(None)[0].msg


@pytest.fixture
def fresh_catalog():
    for found in (catalog.services, catalog._modules):
        found.cache_clear()
    yield
    for found in (catalog.services, catalog._modules):
        found.cache_clear()


@pytest.mark.usefixtures("fresh_catalog")
@pytest.mark.parametrize("package", ["nope", "tests"])
def test_a_package_of_services_that_there_is_not(settings, package):
    settings.FOUNDRY_SERVICES = ["services", package]
    assert f"FOUNDRY_SERVICES=services,{package}: " in check_services(None)[0].msg


@pytest.mark.parametrize("path", ["nope.compute:compute", "tests.toys.toy.compute", "services.nope:compute"])
def test_a_function_that_there_is_not(monkeypatch, path):
    toy = dataclasses.replace(catalog.get("toy"), compute=path)
    monkeypatch.setattr("foundry.core.checks.catalog.services", lambda: {"toy": toy})
    assert f"toy: there is no {path!r}" in check_services(None)[0].msg
