"""One local AWS for the module's tests, and functions made of a few lines."""

from __future__ import annotations

import io
import json
import textwrap
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.localaws import LocalAws


def package(source: str, **files: str) -> bytes:
    """A zip with handler.py and other files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in {"handler.py": source, **files}.items():
            archive.writestr(name, textwrap.dedent(text))
    return packed.getvalue()


class Function:
    """A deployed function, and short ways to use it."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self.aws, self.name, self.client = aws, name, aws.client("lambda")

    def invoke(self, event: Any = None, **options: Any) -> dict[str, Any]:
        """boto3's answer, with the payload decoded."""
        answer = self.client.invoke(**{"FunctionName": self.name, "Payload": json.dumps(event), **options})
        payload = answer["Payload"].read()
        return {**answer, "Payload": json.loads(payload) if payload else None}

    def __call__(self, event: Any = None, **options: Any) -> Any:
        return self.invoke(event, **options)["Payload"]

    def send(self, event: Any = None, **options: Any) -> str:
        """Asynchronously; the request's id."""
        answer = self.invoke(event, InvocationType="Event", **options)
        assert answer["StatusCode"] == 202
        return str(answer["ResponseMetadata"]["RequestId"])

    def journal(self, what: str = "invoked") -> list[dict[str, Any]]:
        """What happened to this function."""
        entries = self.aws.journal()
        return [e for e in entries if e["what"] == what and e.get("function", "").split(":")[0] == self.name]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    home = tmp_path_factory.mktemp("localaws")
    with LocalAws(home=home, environments=4, patience=1, retry_seconds=0.2, event_age_scale=0.02) as server:
        yield server


@pytest.fixture(scope="session")
def role(aws: LocalAws) -> str:
    made = aws.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")
    return str(made["Role"]["Arn"])


@pytest.fixture
def deploy(aws: LocalAws, role: str) -> Iterator[Callable[..., Function]]:
    """Makes functions out of source; they are gone after the test."""
    client, names = aws.client("lambda"), []

    def make(source: str, files: dict[str, str] | None = None, **configuration: Any) -> Function:
        names.append(f"toy-{uuid.uuid4().hex[:8]}")
        client.create_function(
            **{
                "FunctionName": names[-1],
                "Runtime": "python3.13",
                "Role": role,
                "Handler": "handler.handle",
                "Code": {"ZipFile": package(source, **(files or {}))},
                "MemorySize": 256,
                "Timeout": 10,
                **configuration,
            }
        )
        return Function(aws, names[-1])

    yield make
    aws.faults()
    for name in names:
        if name in [function["FunctionName"] for function in client.list_functions()["Functions"]]:
            client.delete_function(FunctionName=name)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A directory in which functions may leave files, whoever they run as."""
    directory = tmp_path / "notes"
    directory.mkdir()
    directory.chmod(0o777)
    for parent in directory.parents:
        if parent.stat().st_uid == tmp_path.stat().st_uid:
            parent.chmod(parent.stat().st_mode | 0o011)
    return directory
