"""`python -m deploy`: connection budget, and what is said where something is wrong."""

from __future__ import annotations

import pytest

from deploy.__main__ import main


def test_the_budget_adds_up_all_functions_of_the_platform(monkeypatch, capsys):
    monkeypatch.setenv("FOUNDRY_MAX_CONNECTIONS", "100")
    assert main(["budget", "production_compute_dna"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == [
        "foundry-production", "foundry-production-compute-dna", "foundry-production-screen-synthesis",
    ]  # fmt: skip
    assert sum(int(line.split()[0]) for line in lines[:-1]) == int(lines[-1].split()[0])


def test_more_invocations_than_connections_are_refused(monkeypatch, capsys):
    monkeypatch.setenv("FOUNDRY_MAX_CONNECTIONS", "51")
    assert main(["budget", "production"]) == 1
    assert "44 invocations may run at once, for 43 connections" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["", "many"])
def test_a_budget_needs_to_know_the_connections(given, monkeypatch, capsys):
    monkeypatch.setenv("FOUNDRY_MAX_CONNECTIONS", given)
    assert main(["budget", "production"]) == 1
    assert "FOUNDRY_MAX_CONNECTIONS" in capsys.readouterr().err


def test_a_function_without_a_limit_has_no_budget(monkeypatch, capsys):
    monkeypatch.setenv("FOUNDRY_MAX_CONNECTIONS", "100")
    assert main(["budget", "development"]) == 1
    assert "development has no lambda_concurrency" in capsys.readouterr().err


def test_several_stages_are_all_tried(capsys):
    assert main(["budget", "nowhere", "neither"]) == 1
    assert capsys.readouterr().err.count("There is no stage") == 2
