"""Where the commands take address and token from."""

import json

import pytest

from foundry.cli import credentials
from foundry.cli.credentials import Credentials, MissingCredentialsError


@pytest.fixture(autouse=True)
def home(settings, tmp_path, monkeypatch):
    monkeypatch.delenv("FOUNDRY_URL", raising=False)
    monkeypatch.delenv("FOUNDRY_TOKEN", raising=False)
    settings.FOUNDRY_HOME = tmp_path
    return tmp_path


@pytest.fixture
def demo():
    made = Credentials("http://127.0.0.1:8000", "fdy_demo")
    credentials.save_demo(made)
    return made


def test_nothing_known_says_what_to_do():
    with pytest.raises(MissingCredentialsError, match="Start one with `make run`"):
        credentials.find(None, None)


def test_an_argument_comes_before_the_environment_and_that_before_the_demo(demo, monkeypatch):
    assert credentials.find(None, None) == demo
    monkeypatch.setenv("FOUNDRY_URL", "https://b")
    monkeypatch.setenv("FOUNDRY_TOKEN", "b")
    assert credentials.find(None, None) == Credentials("https://b", "b")
    assert credentials.find("https://c", "c") == Credentials("https://c", "c")


def test_the_demos_token_goes_nowhere_else(demo):
    assert credentials.find(demo.url, None) == demo
    with pytest.raises(MissingCredentialsError, match=r"No token for https://elsewhere\.example"):
        credentials.find("https://elsewhere.example", None)


def test_the_demos_credentials_are_for_its_account_only(demo, home):
    path = home / "demo.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {"url": demo.url, "token": demo.token, "password": ""}
    assert "fdy_demo" not in repr(demo)
