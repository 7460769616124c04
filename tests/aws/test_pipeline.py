"""The workflow of the users' repositories and docs/deploying.md on the local AWS: the very commands, in their order."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import stages
from infra.__main__ import main
from tests.aws import infrastructure
from tests.aws.proofs.platform import ROOT, Platform, platform
from tests.aws.rights import Rights
from tests.localaws.client import ACCOUNT, REGION

WORKFLOW = ROOT / ".github/workflows/deploy.yml"
GUIDE = ROOT / "docs/deploying.md"
#: The one step that is left out: it downloads RDS's certificates, and the database here is reached over a socket.
DOWNLOAD = "make global-bundle.pem"
#: Makes every process of a step write down what it asks of AWS.
RECORDER = """
import json, os
from botocore.client import BaseClient

def recorded(self, operation, params, call=BaseClient._make_api_call):
    known = {name: value for name, value in params.items() if isinstance(value, str) and len(value) < 300}
    with open(os.environ["RECORDED_CALLS"], "a") as file:
        print(json.dumps([self.meta.service_model.service_name, operation, known]), file=file)
    return call(self, operation, params)

BaseClient._make_api_call = recorded
"""
#: IAM's names where they are not those of the operations.
ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
}
VERBS = {"Get": "GET", "Create": "POST", "Put": "PUT", "Update": "PATCH", "Delete": "DELETE"}


def steps(job: str) -> list[str]:
    """The commands of a job that all goes well with."""
    found = yaml.safe_load(WORKFLOW.read_text())["jobs"][job]["steps"]
    commands = [step["run"] for step in found if "run" in step and step.get("if") != "failure()"]
    return [command for command in commands if command != DOWNLOAD]


def commands(heading: str) -> list[str]:
    """The commands below a heading of the guide."""
    section = GUIDE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


class Runner:
    """GitHub's machine: each step in a shell of its own, with what earlier ones wrote into GITHUB_ENV."""

    def __init__(self, account: Platform, home: Path, stand_ins: Mapping[str, str]) -> None:
        home.mkdir()
        self._stand_ins = stand_ins
        (home / "sitecustomize.py").write_text(RECORDER)
        self._aws = account.aws
        self._handed_on, self._calls = home / "env", home / "calls"
        own = {"DATABASE_URL": "", "GITHUB_ENV": str(self._handed_on), "GITHUB_ACTOR": "ada", "GITHUB_SHA": "c0ffee"}
        recorder = {"PYTHONPATH": str(home), "RECORDED_CALLS": str(self._calls)}
        self.environ = account.environ | own | recorder

    def run(self, step: str) -> str:
        """The step's output; fails with it. Stacks are made as far as moto goes."""
        if step.startswith(".venv/bin/python -m infra ") and " env " not in step:
            with infrastructure.command(self._aws, self._stand_ins):
                assert main(step.split()[3:]) == 0
            return ""
        command = ["bash", "-e", "-c", step]
        done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{step}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        if self._handed_on.exists():
            self.environ |= dict(line.split("=", 1) for line in self._handed_on.read_text().splitlines())
        return done.stdout

    def calls(self) -> list[tuple[str, str]]:
        """What was asked of AWS so far, each as IAM's action, with what it is about."""
        lines = self._calls.read_text().splitlines()
        return [(_action(service, operation), _resource(known)) for service, operation, known in map(json.loads, lines)]


def _action(service: str, operation: str) -> str:
    if service == "apigateway":
        return f"apigateway:{next(verb for name, verb in VERBS.items() if operation.startswith(name))}"
    name = f"{service}:{operation}"
    return ACTIONS.get(name, name)


def _resource(known: dict[str, str]) -> str:
    """The ARN of the function, role or REST API, "" if it is something else."""
    if "restApiId" in known:
        return f"arn:aws:apigateway:{REGION}::/restapis/{known['restApiId']}/deployments"
    name = known.get("FunctionName", known.get("Resource", ""))
    if not name or name.startswith("arn:"):
        return name
    qualifier = f":{known['Qualifier']}" if "Qualifier" in known else ""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name.removeprefix('function:')}{qualifier}"


@contextmanager
def account(stage: str, home: Path) -> Iterator[tuple[Platform, Runner]]:
    """An account with the stage's stacks, and a machine to deploy from."""
    with platform(home, environments=4) as made:
        server = made._server
        variables = infrastructure.make(
            made.aws,
            stage,
            password={"username": server.USER, "password": "x"},
            host=str(server.socket_dir),
        )
        yield made, Runner(made, home / "runner", infrastructure.stand_ins(variables))


def make_ci(made: Platform, stage: str) -> None:
    """The role that GitHub's jobs get."""
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    with infrastructure.command(made.aws, {"GitHub.Arn": provider}):
        assert main(["up", stage, "ci", "--set", "Repository=laboratory/foundry"]) == 0
    infrastructure.attach(made.aws, stage, "ci")


def check_ci_may(made: Platform, stage: str, asked: list[tuple[str, str]]) -> None:
    """All that the steps asked of AWS is what the stage's CI role may do, of its functions and its REST API only."""
    may = Rights(made.aws, f"role/foundry-{stage}-ci")
    calls = set(asked) - {("sts:GetCallerIdentity", "")}
    assert {action for action, _ in calls} <= may.actions
    assert [call for call in calls if call[1] and not may(*call)] == []


def test_production_from_its_first_deployment_to_its_end(package: Callable[..., Path], tmp_path: Path) -> None:
    with account("production", tmp_path) as (made, runner):
        deploy_first(runner, package)
        first = live(made)
        assert set(first) == {"compute-dna", "screen-synthesis"}
        assert aliases(made, "foundry-production") == {"operator", "postman"}
        assert aliases(made, "foundry-production-compute-dna") == {"operator"}
        make_ci(made, "production")
        by_hand = len(runner.calls())

        # Otherwise it would be the same code with the same settings, and no new version.
        runner.run(".venv/bin/python -m infra up production platform --set RetentionDays=90")
        said = {step: runner.run(step) for step in steps("production")}
        second = live(made)
        assert all(first[service] != second[service] for service in first)
        assert all(release in said[".venv/bin/python -m deploy smoke production"] for release in second.values())
        signed = made.sql("SELECT DISTINCT changed_by, commit FROM core_release WHERE state = 'live'")
        assert signed == [("ada", "c0ffee")]
        check_ci_may(made, "production", runner.calls()[by_hand:])
        assert set(retentions(made)) == {"90"}

        for command in commands("Rollback"):
            runner.run(command)
        assert live(made) == first

        end = commands("The end")
        for command in end[:4]:
            runner.run(command)
        assert made.functions.list_functions()["Functions"] == []
        assert [command.split()[3] for command in end[4:]] == ["up", "down", "down"]
        infrastructure.remove(made.aws, "production")


def deploy_first(runner: Runner, package: Callable[..., Path]) -> None:
    """As the guide says, but with packages that other tests use too, and GITHUB_ENV for the shell's `eval`."""
    for command in commands("First deployment"):
        if command.startswith("eval "):
            runner.run(
                f'{command.removeprefix('eval "$(').removesuffix(')"').replace(" --shell", "")} >> "$GITHUB_ENV"'
            )
        elif "zappa deploy" in command:
            runner.run(f"{command} --zip {package(command.split()[2])}")
        elif "boto3.client" not in command:
            runner.run(command)
        else:
            assert "fdy_" in runner.run(command)


def live(made: Platform) -> dict[str, str]:
    """The live release of each service."""
    return dict(made.sql("SELECT service, name FROM core_release WHERE state = 'live'"))


def aliases(made: Platform, function: str) -> set[str]:
    return {alias["Name"] for alias in made.functions.list_aliases(FunctionName=function)["Aliases"]}


def retentions(made: Platform) -> list[str | None]:
    """A setting, as each function has it."""
    functions = made.functions.list_functions()["Functions"]
    return [function["Environment"]["Variables"].get("FOUNDRY_RETENTION_DAYS") for function in functions]


def test_a_review_from_its_opening_to_its_end(tmp_path: Path) -> None:
    with account("review", tmp_path) as (made, runner):
        make_ci(made, "review")
        for step in steps("review"):
            said = runner.run(step)
        assert said.count(" items in ") == 2
        for step in steps("end-review"):
            runner.run(step)
        assert made.functions.list_functions()["Functions"] == []
        check_ci_may(made, "review", runner.calls())


def test_the_workflow_names_every_stage_of_production() -> None:
    deployed = {word for step in steps("production") if "zappa update" in step for word in step.split()}
    assert {stage.name for stage in stages.family(stages.get("production"))} <= deployed


def test_a_change_is_tested_with_what_everybody_runs() -> None:
    assert steps("test") == ["make test", "make test-aws"]


def test_a_deployment_waits_for_the_tests() -> None:
    jobs: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    assert jobs["production"]["needs"] == jobs["review"]["needs"] == "test"


@pytest.mark.parametrize("job", ["production", "review", "end-review"])
def test_a_job_that_deploys_is_of_an_environment_and_has_no_key(job: str) -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"][job]["permissions"] == {"contents": "read", "id-token": "write"}
    assert workflow["jobs"][job]["environment"] == job.removeprefix("end-")
    assert "secrets." not in WORKFLOW.read_text()


def test_actions_are_pinned_and_no_step_pastes_what_others_wrote() -> None:
    for job in yaml.safe_load(WORKFLOW.read_text())["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            assert len(step.get("uses", "@" + "0" * 40).split("@")[1]) == 40
