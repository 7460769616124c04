"""The figures of docs/costs.md, reckoned anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from foundry.core.prices import LIST_PRICES

PAGE = (Path(__file__).resolve().parents[2] / "docs/costs.md").read_text()
HOURS = 730
LAMBDA = LIST_PRICES["x86_64"]
GB_SECOND, INVOCATION = float(LAMBDA.per_gb_second), float(LAMBDA.per_invocation)

ITEMS_A_JOB, ITEMS_A_REQUEST = 2500, 1000
SLOT_SECONDS, SLOT_GB = 2500 * 0.0007 + 0.5, 2
CALLS, CALL_SECONDS, API_GB = 10, 0.3, 1
GATEWAY_CALL = 3.50 / 1e6
KB_A_RESULT, STORAGE_GB_MONTH = 4.5, 0.115
SWEEPS, SWEEP_SECONDS = 43_200, 0.25
FARGATE_HOUR = 0.04048 + 2 * 0.004445


def slots(items: int) -> float:
    """USD for the invocations that compute so many items."""
    return items / ITEMS_A_JOB * (SLOT_SECONDS * SLOT_GB * GB_SECOND + INVOCATION)


def api(items: int) -> float:
    """USD for the calls with which people submit, look and fetch."""
    calls = items / ITEMS_A_REQUEST * CALLS
    return calls * (CALL_SECONDS * API_GB * GB_SECOND + INVOCATION + GATEWAY_CALL)


def results(items: int) -> float:
    """USD for keeping the results for a month."""
    return items * KB_A_RESULT / 1e6 * STORAGE_GB_MONTH


def sweep() -> float:
    return SWEEPS * (SWEEP_SECONDS * API_GB * GB_SECOND + INVOCATION)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def dollars(cell: str) -> float:
    return float(re.sub(r"[^\d.]", "", cell))


def test_each_row_of_what_work_costs() -> None:
    table = rows("What work costs")
    assert [int(row[0].replace(",", "")) for row in table] == [0, 1000, 100_000, 10_000_000]
    for row in table:
        items = int(row[0].replace(",", ""))
        parts = [slots(items), api(items), results(items), sweep()]
        assert [dollars(cell) for cell in row[1:]] == pytest.approx([*parts, sum(parts)], abs=0.005)


def test_what_is_there_always_adds_up() -> None:
    *parts, total = rows("What is there always")
    assert sum(dollars(row[2]) for row in parts) == pytest.approx(dollars(total[2]), abs=0.011)


def test_the_crossover() -> None:
    month = FARGATE_HOUR * HOURS
    assert f"USD {month:.2f} a month" in PAGE
    hours = month / GB_SECOND / SLOT_GB / 3600
    assert f"{hours:.0f} hours" in PAGE
    assert f"{hours / HOURS:.0%} of the time".replace("%", " %") in PAGE
    assert f"{month / slots(1) / 1e9:.1f} billion items" in PAGE


def test_the_prices_are_those_that_attempts_are_reckoned_with() -> None:
    assert str(LAMBDA.per_gb_second) in PAGE
