"""Files over six megabytes, from the deployed function: through its HTTP front and by invoke, as the local ones are."""

from __future__ import annotations

import io
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command

from foundry.client import Foundry
from foundry.core.models import ServiceRequest
from tests.api.conftest import REQUESTS
from tests.aws.test_invoke import database_url
from tests.conftest import Api
from tests.localaws import LocalAws

pytestmark = pytest.mark.django_db(transaction=True)

NAME, HEAVY, BUCKET = "foundry-development", "foundry-heavy", "foundry-files"
SEQUENCE = "".join(random.Random(7).choices("ACGT", k=4000))
#: Equal but for their names, so they are computed once.
ITEMS = [{"name": f"plasmid {number}", "sequence": SEQUENCE, "topology": "circular"} for number in range(1, 1801)]
SIX_MB = 6 * 1024 * 1024


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws(home=tmp_path_factory.mktemp("aws"), environments=4, retry_seconds=0.2) as server:
        server.client("s3").create_bucket(Bucket=BUCKET)
        server.client("iam").create_role(RoleName="foundry", AssumeRolePolicyDocument="{}")
        yield server


@pytest.fixture
def deploy(aws: LocalAws, package: Any) -> Iterator[Callable[..., Any]]:
    """A function that does everything, with the test's database; variables by name."""
    functions = aws.client("lambda")
    role = aws.client("iam").get_role(RoleName="foundry")["Role"]["Arn"]
    made: list[str] = []

    def deploy(name: str, services: str = "services", **variables: str) -> None:
        given = {
            "DATABASE_URL": database_url(),
            "FOUNDRY_DISPATCHER": "foundry.aws.dispatcher.LambdaDispatcher",
            "FOUNDRY_SERVICES": services,
        }
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="foundry.aws.entry.handler",
            Code={"ZipFile": Path(package("development", services)).read_bytes()},
            Timeout=400,
            MemorySize=1024,
            Environment={"Variables": given | variables},
        )
        made.append(name)

    yield deploy
    aws.settle()
    for name in made:
        functions.delete_function(FunctionName=name)


@pytest.fixture
def plasmids(make_request: Callable[..., ServiceRequest]) -> ServiceRequest:
    request = make_request(*ITEMS, service="compute-dna")
    assert not request.jobs.exclude(state="succeeded").exists()
    return request


def kept(aws: LocalAws, request: ServiceRequest) -> list[Any]:
    """What the bucket has of the request."""
    found = aws.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    return [one for one in found if f"/{request.pk}/" in one["Key"]]


def local(owner: Api, request: ServiceRequest, path: str) -> bytes:
    """What this machine makes of it."""
    return b"".join(owner.get(f"{REQUESTS}/{request.pk}/{path}"))


def test_a_large_file_is_the_same_over_http_by_invoke_and_locally(deploy, aws, owner, plasmids, tmp_path, monkeypatch):
    deploy(NAME, FOUNDRY_ARTIFACT_BUCKET=BUCKET)
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    whole = local(owner, plasmids, "artifacts/annotated.gb")
    assert len(whole) > SIX_MB
    ways = [
        Foundry(aws.front(NAME, stage="development", version="1.0"), owner.secret),
        Foundry(aws.front(NAME, stage="development", version="2.0"), owner.secret),
        Foundry(function=NAME, token=owner.secret),
    ]
    for foundry in ways:
        saved = foundry.download(str(plasmids.pk), "annotated.gb", tmp_path / "annotated.gb")
        assert saved.read_bytes() == whole
    (stored,) = kept(aws, plasmids)
    assert stored["Size"] == len(whole)

    lines = local(owner, plasmids, "results?format=ndjson")
    assert len(lines) > SIX_MB
    assert b"".join(ways[0].export(str(plasmids.pk), "ndjson")) == lines
    assert [one.name for one in ways[0].results(str(plasmids.pk))] == [item["name"] for item in ITEMS]

    small = local(owner, plasmids, "artifacts/map.svg?item=2")
    assert b"".join(ways[0].artifact(str(plasmids.pk), "map.svg", 2)) == small
    assert len(kept(aws, plasmids)) == 2

    path = tmp_path / "saved.gb"
    command = ["results", str(plasmids.pk), "--artifact", "annotated.gb", "-o", str(path), "--lambda", NAME]
    call_command(*command, "--token", owner.secret, stdout=io.StringIO(), stderr=io.StringIO())
    assert path.read_bytes() == whole


def test_without_a_bucket_it_is_said_what_to_set(deploy, aws, owner, plasmids):
    deploy(NAME)
    url = aws.front(NAME, stage="development")
    answer = requests.get(
        f"{url}{REQUESTS}/{plasmids.pk}/artifacts/annotated.gb", headers={"Authorization": f"Bearer {owner.secret}"}
    )
    assert (answer.status_code, "FOUNDRY_ARTIFACT_BUCKET" in answer.json()["detail"]) == (413, True)


def test_what_takes_longer_than_a_front_waits_is_made_by_another_invocation_and_once(
    deploy, aws, owner, make_request, tmp_path
):
    deploy(HEAVY, "tests.toys", FOUNDRY_ARTIFACT_BUCKET=BUCKET)
    request = make_request({"number": 1}, service="toy-heavy", options={"factor": 16})
    url = aws.front(HEAVY, stage="development")
    headers = {"Authorization": f"Bearer {owner.secret}"}
    began = time.monotonic()
    answer = requests.get(f"{url}{REQUESTS}/{request.pk}/artifacts/heavy.txt", headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert time.monotonic() - began < 29
    downloads = [tmp_path / "one", tmp_path / "two"]
    both = [
        threading.Thread(target=Foundry(url, owner.secret).download, args=(str(request.pk), "heavy.txt", path))
        for path in downloads
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    first, second = (path.read_bytes() for path in downloads)
    assert first == second
    assert first == b"1\n" + "".join(f"{number:>999}\n" for number in range(7_000)).encode()
    sent = [entry for entry in aws.journal() if entry["what"] == "invoked" and entry["how"] == "event"]
    assert len(sent) == 1, json.dumps(sent)
