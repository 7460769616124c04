"""Cold starts in fresh environments with the deployed packages: ours against the plainest Django on Zappa there can be.

The plain one is packaged as Zappa does it by default and answers a greeting; ours answers the prototype's greeting. A
service's function looks for a job in an empty queue, once with the address of the database in a variable and once as in
production, with the password in Secrets Manager, for which it has to import boto3 and ask. What is measured is what AWS
would bill and a user would wait for: the start of the environment and the first answer.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from deploy import build, stages
from foundry.embedded import Server
from tests.aws.proofs.platform import DISPATCHER
from tests.localaws import LocalAws

STARTS = 9
API_GOAL, SERVICE_GOAL = 1.0, 1.5
ROOT = Path(__file__).resolve().parent.parent
GREETING = {"path": "/compute-dna/", "httpMethod": "GET", "requestContext": {}}
SERVICE = "compute-dna"
#: The plain project: as `zappa init` and `django-admin startproject` would have it, with one view.
PLAIN = {
    "zappa_settings.json": json.dumps(
        {
            "dev": {
                "project_name": "plain",
                "django_settings": "plain.settings",
                "runtime": "python3.13",
                "aws_region": "us-east-1",
                "s3_bucket": "plain",
                "use_precompiled_packages": False,
            }
        }
    ),
    "plain/__init__.py": "",
    "plain/settings.py": """
SECRET_KEY = "plain"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "plain.urls"
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                           "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
SILENCED_SYSTEM_CHECKS = ["admin.E403"]
""",
    "plain/urls.py": """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("compute-dna/", lambda request: HttpResponse("Hello Zappa Prototype!"))]
""",
}


def main() -> None:
    """Prints the medians and their ratios beside the goals."""
    with tempfile.TemporaryDirectory(prefix="foundry-cold-", ignore_cleanup_errors=True) as folder:
        _measure(Path(folder))


def _measure(home: Path) -> None:
    server = Server(home / "database", durable=False)
    server.ensure_running()
    database = f"postgresql://{server.USER}@/{server.DATABASE}?host={server.socket_dir}"
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, cwd=ROOT, check=True, env=os.environ | {"DATABASE_URL": database})
    try:
        with LocalAws(home=home / "aws") as aws:
            _report(_starts(aws, home, server, database))
    finally:
        server.stop()


def _starts(aws: LocalAws, home: Path, server: Server, database: str) -> dict[str, list[float]]:
    ours = {"DATABASE_URL": database, "FOUNDRY_DISPATCHER": DISPATCHER}
    api = _package(home, "production")
    service = _package(home, f"production_{SERVICE.replace('-', '_')}")
    role = aws.client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def create(name: str, code: Path, handler: str, variables: dict[str, str]) -> None:
        aws.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler=handler,
            Code={"ZipFile": code.read_bytes()},
            MemorySize=1024,
            Timeout=900,
            Environment={"Variables": variables},
        )

    create("plain", _plain_package(home), "handler.lambda_handler", {"ROUND": ""})
    create("api", api, "foundry.aws.entry.handler", ours)
    create("service", service, "foundry.aws.entry.handler", ours | {"FOUNDRY_SERVICE": SERVICE})
    production = {"FOUNDRY_PRODUCTION": "1", "FOUNDRY_DISPATCHER": DISPATCHER, "FOUNDRY_SERVICE": SERVICE}
    create("production", service, "foundry.aws.entry.handler", production | _in_a_secret(aws, server))
    events = {"plain": GREETING, "api": GREETING} | {
        name: _task(f"{name}:$LATEST") for name in ("service", "production")
    }
    return {name: list(times) for name, times in zip(events, zip(*_rounds(aws, events), strict=True), strict=True)}


def _in_a_secret(aws: LocalAws, server: Server) -> dict[str, str]:
    """The variables that say where the database and its password are, as infra/database.yaml gives them."""
    password = json.dumps({"username": server.USER, "password": "unused"})
    secret = aws.client("secretsmanager").create_secret(Name="database", SecretString=password)
    place = {"FOUNDRY_DATABASE_HOST": str(server.socket_dir), "FOUNDRY_DATABASE_NAME": server.DATABASE}
    return place | {"FOUNDRY_DATABASE_SECRET": secret["ARN"]}


def _rounds(aws: LocalAws, events: dict[str, Any]) -> list[list[float]]:
    """Milliseconds by round and function, in turn; the first round, which unpacks the code, does not count."""
    rounds = [[_cold(aws, name, event, number) for name, event in events.items()] for number in range(STARTS + 1)]
    return rounds[1:]


def _cold(aws: LocalAws, name: str, event: Any, number: int) -> float:
    """What a first invocation takes after the configuration has changed, which ends all environments."""
    functions = aws.client("lambda")
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": variables | {"ROUND": str(number)}}
    )
    seen = max((entry["number"] for entry in aws.journal()), default=0)
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
    said = answer["Payload"].read()
    assert "FunctionError" not in answer, said
    [entry] = [entry for entry in aws.journal(after=seen) if entry["what"] == "invoked"]
    assert entry["cold"], entry
    return float(entry["init_ms"] + entry["duration_ms"])


def _task(release: str) -> dict[str, Any]:
    return {
        "command": "zappa.asynchronous.route_lambda_task",
        "task_path": "foundry.aws.task.work",
        "args": [],
        "kwargs": {"service": SERVICE, "release": release},
    }


def _package(home: Path, stage: str) -> Path:
    return build.package(stages.get(stage), home / f"{stage}.zip")


def _plain_package(home: Path) -> Path:
    """As the real `zappa package` makes it from an environment with Django, Zappa and what they need."""
    project, environment = home / "plain", home / "environment"
    for name, text in PLAIN.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    uv = [str(ROOT / ".uv/bin/uv")]
    _run([*uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(environment)], ROOT)
    wanted = ["django", "zappa", "--constraint", "requirements.txt"]
    _run([*uv, "pip", "install", "--quiet", "--python", str(environment), *wanted], ROOT)
    package = project / "plain.zip"
    _run([str(environment / "bin/zappa"), "package", "dev", "-o", package.name], project, VIRTUAL_ENV=str(environment))
    return package


def _run(command: list[str], folder: Path, **variables: str) -> None:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
    environ = os.environ | {"TMPDIR": memory} | variables
    subprocess.run(command, cwd=folder, check=True, env=environ, stdout=subprocess.DEVNULL)


def _report(starts: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(times) for name, times in starts.items()}
    print(f"\nCold starts: medians of {STARTS}, environment and first answer")
    for name, what, goal in (
        ("plain", "plain Django on Zappa, packaged by default", None),
        ("api", "our API", API_GOAL),
        ("service", f"our {SERVICE}", SERVICE_GOAL),
        ("production", f"our {SERVICE}, password in Secrets Manager", SERVICE_GOAL),
    ):
        ratio = medians[name] / medians["plain"]
        verdict = "" if goal is None else f"under {goal}   {'ok' if ratio < goal else 'MISSED'}"
        print(f"  {what:<46} {medians[name]:>6.0f} ms   {ratio:4.2f}   {verdict}")


if __name__ == "__main__":
    main()
