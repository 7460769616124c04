"""The service to copy: it meets the conformance suite in a laboratory's own package, and what is left out is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MINIMAL = ROOT / "docs" / "minimal_service"


@pytest.fixture
def laboratory(tmp_path):
    """A package of a laboratory's own, outside the checkout, with a copy of the service and its test."""
    shutil.copytree(MINIMAL / "count_bases", tmp_path / "ourlab" / "services" / "count_bases")
    shutil.copy(MINIMAL / "test_count_bases.py", tmp_path)
    return tmp_path


def run(laboratory, *arguments):
    """What pytest says of the laboratory's services."""
    variables = os.environ | {"PYTHONPATH": str(laboratory), "FOUNDRY_SERVICES": "services,ourlab.services,tests.toys"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-k",
        "count-bases or count_bases",
    ]
    finished = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    return finished.returncode, finished.stdout


def test_it_meets_the_conformance_suite_and_its_own_tests(laboratory):
    code, told = run(laboratory, "tests/services/test_conformance.py", str(laboratory / "test_count_bases.py"), "-vv")
    assert code == 0, told
    assert "test_its_code_stands_on_the_contract_alone[count-bases]" in told
    assert "test_the_count_of_a_base" in told


def test_what_is_left_out_is_named_and_raises_nothing_else(laboratory):
    service = laboratory / "ourlab" / "services" / "count_bases"
    (service / "README.md").unlink()
    declaration = service / "__init__.py"
    before, _, rest = declaration.read_text().partition("    examples=(")
    declaration.write_text(f"{before}    examples=(),\n{rest[rest.index('    describing=') :]}")
    code, told = run(laboratory, "tests/services/test_conformance.py", "--tb=line")
    assert code == 1, told
    assert set(re.findall(r"^E +(\w+Error)\b", told, re.MULTILINE)) == {"AssertionError"}, told
    assert f"write {service / 'README.md'}" in told
    assert "give the service an example" in told
