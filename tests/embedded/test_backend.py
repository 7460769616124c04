"""Django's connection starts the server."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from foundry.embedded import Server, programs

from .conftest import Child

SETTINGS = """
import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from foundry import embedded

settings.configure(
    DATABASES={"default": embedded.settings(Path(sys.argv[1]), durable=False)},
    INSTALLED_APPS=["django.contrib.contenttypes"],
)
django.setup()

def query(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
"""


def test_the_first_query_starts_it(home: Path, spawn: Callable[..., Child]) -> None:
    child = spawn(home, SETTINGS + "assert not server.is_running(); say(query('SELECT current_database()'))")
    assert child.communicate()[0] == "foundry\n"
    assert not Server(home).is_running()


def test_a_connection_after_the_server_has_gone_starts_it_again(home: Path, spawn: Callable[..., Child]) -> None:
    child = spawn(
        home,
        SETTINGS
        + """
query("SELECT 1")
server.stop()
connection.close()
say(query("SELECT 'answers'"))
""",
    )
    assert child.communicate()[0] == "answers\n"


def test_commands_run_on_it(home: Path, spawn: Callable[..., Child]) -> None:
    child = spawn(
        home,
        SETTINGS + "call_command('migrate', verbosity=0); say(query('SELECT count(*) > 0 FROM django_migrations'))",
    )
    assert child.communicate()[0] == "True\n"


def test_a_test_database_can_be_made(home: Path, spawn: Callable[..., Child]) -> None:
    child = spawn(
        home,
        SETTINGS
        + """
connection.creation.create_test_db(verbosity=0)
say(query("SELECT current_database()"))
connection.creation.destroy_test_db("foundry", verbosity=0)
""",
    )
    assert child.communicate()[0] == "test_foundry\n"


def test_the_shell_starts_it(home: Path, spawn: Callable[..., Child], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(programs.program("psql")).parent), prepend=os.pathsep)
    child = spawn(home, SETTINGS + "call_command('dbshell', '--', '-Atc', 'SELECT 42')")
    assert child.communicate()[0] == "42\n"
