"""The client as a package of its own: built, installed where there is no Django, and used as its README says."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
UV = ROOT / ".uv" / "bin" / "uv"
README = ROOT / "client" / "README.md"


def run(*command, **options) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def uv(*words) -> None:
    """With what is at hand; what is not is fetched."""
    try:
        run(UV, *words, "--offline")
    except AssertionError:
        run(UV, *words)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built as a release is: the sdist, and the wheel from that."""
    out = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--no-build-isolation", "--python", sys.executable, ROOT / "client", "--out-dir", out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def make_environment(wheel, tmp_path_factory):
    """The Python of a fresh environment in which the wheel is installed, with these extras."""

    def make(extras: str = "") -> Path:
        folder = tmp_path_factory.mktemp("environment") / "venv"
        run(UV, "venv", "--quiet", "--no-project", "--python", sys.executable, folder)
        python = folder / "bin" / "python"
        uv("pip", "install", "--quiet", "--python", python, f"foundry-client{extras} @ file://{wheel}")
        return python

    return make


@pytest.fixture(scope="module")
def bare(make_environment) -> Path:
    return make_environment()


@pytest.fixture
def address(live_server, owner, monkeypatch) -> str:
    """A platform that runs, as programs are told of it."""
    monkeypatch.setenv("FOUNDRY_URL", live_server.url)
    monkeypatch.setenv("FOUNDRY_TOKEN", owner.secret)
    return live_server.url


def test_it_holds_the_client_with_its_types_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {name for name in names if ".dist-info/" not in name}
    assert {"foundry/py.typed", "foundry/__init__.py", "foundry/client/foundry.py"} <= code
    assert code == {"foundry/py.typed", "foundry/__init__.py"} | {
        f"foundry/client/{file.name}" for file in (ROOT / "foundry" / "client").glob("*.py")
    }


def test_the_wheel_from_the_sdist_and_from_the_checkout_are_one(wheel, tmp_path):
    words = ("build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    uv(*words, ROOT / "client", "--out-dir", tmp_path)
    (direct,) = tmp_path.glob("*.whl")
    assert set(zipfile.ZipFile(direct).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_it_installs_without_django_and_with_little(bare, tmp_path):
    listing = run(UV, "pip", "list", "--python", bare, "--format", "freeze", "--quiet")
    installed = {line.split("==")[0].split(" @")[0].lower() for line in listing.splitlines()}
    assert installed == {"foundry-client", "requests", "urllib3", "idna", "certifi", "charset-normalizer"}
    said = run(bare, "-c", "import foundry.client; print(foundry.client.__file__)", cwd=tmp_path)
    assert str(bare.parent.parent) in said


_MINIMAL = """
from foundry.client import Foundry
foundry = Foundry()
items = [{"name": "a", "sequence": "ATCGGCTA", "topology": "linear"}]
request = foundry.wait(foundry.submit("compute-dna", items), progress=True)
print(request.state, *[result.values["gc_content"] for result in foundry.results(request)])
print(foundry.table(request)[0]["Length (bp)"], "<table>" in foundry.table(request)._repr_html_())
"""


@pytest.mark.django_db(transaction=True)
def test_with_nothing_but_requests_it_submits_waits_and_reads(bare, address, tmp_path):
    assert run(bare, "-c", _MINIMAL, cwd=tmp_path).split("\n")[:2] == ["succeeded 0.5", "8 True"]


@pytest.mark.django_db(transaction=True)
def test_the_readmes_examples_run_as_they_stand(make_environment, address, tmp_path):
    examples = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    assert len(examples) == 6
    script = tmp_path / "examples.py"
    script.write_text("\n".join(examples))
    said = run(make_environment("[tables,progress,webhooks]"), "-W", "error", script, cwd=tmp_path)
    assert "primer 0.5294" in said
    assert "('#', 'Name', 'State', 'Length (bp)')" in said
    assert "sequence" in said.splitlines()[-1]  # of the design that is refused
    assert (tmp_path / "annotated.gb").read_text().startswith("LOCUS")
    assert (tmp_path / "results.csv").read_text().count("\n") == 3
