"""Settings from variables: read as meant, or refused with the variable's name."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from foundry import environment


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40w@db.example:5433/name", ("name", "u", "p@w", "db.example", "5433", {})),
        ("postgres://u@db/name?sslmode=require", ("name", "u", "", "db", "", {"sslmode": "require"})),
        ("postgresql:///name?host=/var/run/pg", ("name", "", "", "/var/run/pg", "", {})),
        ("postgresql://u@/name?host=/s&port=6000", ("name", "u", "", "/s", "6000", {})),
        ("postgresql://u:@/my%20name?host=/s", ("my name", "u", "", "/s", "", {})),
        ("postgresql://u@[::1]:5432/name", ("name", "u", "", "::1", "5432", {})),
    ],
)
def test_database_urls(url, expected):
    values = environment.database(url)
    assert tuple(values[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")) == expected


@pytest.mark.parametrize("url", ["sqlite:///db", "mysql://u@h/n", "db.example/name"])
def test_other_databases_are_refused(url):
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL only"):
        environment.database(url)


def test_a_wrong_port_is_named():
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL.*[Pp]ort"):
        environment.database("postgresql://u@h:abc/n")


def test_a_missing_variable_is_named(monkeypatch):
    monkeypatch.delenv("FOUNDRY_X", raising=False)
    with pytest.raises(ImproperlyConfigured, match="Set the environment variable FOUNDRY_X"):
        environment.text("FOUNDRY_X")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("0", False), ("", False), ("off", False)])
def test_flags(monkeypatch, value, expected):
    monkeypatch.setenv("FOUNDRY_X", value)
    assert environment.flag("FOUNDRY_X") is expected


def test_a_flag_that_is_neither_is_refused(monkeypatch):
    monkeypatch.setenv("FOUNDRY_X", "maybe")
    with pytest.raises(ImproperlyConfigured, match="FOUNDRY_X='maybe'"):
        environment.flag("FOUNDRY_X")


def test_a_number_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("FOUNDRY_X", "many")
    with pytest.raises(ImproperlyConfigured, match="FOUNDRY_X='many': write a whole number"):
        environment.number("FOUNDRY_X", 1)


def test_a_number_under_the_least_is_refused(monkeypatch):
    monkeypatch.setenv("FOUNDRY_X", "-1")
    with pytest.raises(ImproperlyConfigured, match="FOUNDRY_X=-1: write 0 or more"):
        environment.number("FOUNDRY_X", 5)


def test_a_choice_that_there_is_not_is_refused(monkeypatch):
    monkeypatch.setenv("FOUNDRY_X", "LOUD")
    with pytest.raises(ImproperlyConfigured, match="FOUNDRY_X='LOUD': write one of INFO, ERROR"):
        environment.choice("FOUNDRY_X", "INFO", ("INFO", "ERROR"))


def test_a_short_secret_is_refused_and_not_shown(monkeypatch):
    monkeypatch.setenv("FOUNDRY_X", "hunter2")
    with pytest.raises(ImproperlyConfigured, match="FOUNDRY_X has 7 characters; write 50") as caught:
        environment.secret("FOUNDRY_X", fetch=str)
    assert "hunter2" not in str(caught.value)


def test_a_secret_in_a_vault_is_fetched_when_it_is_looked_at(monkeypatch):
    fetched = []

    def fetch(where):
        fetched.append(where)
        return "k" * 50

    monkeypatch.setenv("FOUNDRY_X_SECRET", "arn:vault")
    value = environment.secret("FOUNDRY_X", fetch=fetch)
    assert fetched == []
    assert value == "k" * 50
    assert len(value) == 50
    assert fetched == ["arn:vault"]


def test_words(monkeypatch):
    monkeypatch.setenv("FOUNDRY_X", " a, b,,c ")
    assert environment.words("FOUNDRY_X") == ["a", "b", "c"]
