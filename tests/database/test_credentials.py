"""Credentials from Secrets Manager and IAM: fetched when they are needed, rotated under a process that lives on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from moto.server import ThreadedMotoServer

from foundry import secrets
from foundry.database import patience
from foundry.database.credentials import IamToken

from .conftest import value

ROOT = Path(__file__).resolve().parents[2]
WHO = "SELECT current_user"


@pytest.fixture(scope="module")
def aws():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture(autouse=True)
def environment(aws, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    secrets._client.cache_clear()
    yield
    secrets._client.cache_clear()


@pytest.fixture
def manager():
    return boto3.client("secretsmanager")


@pytest.fixture
def secret(manager, server, request):
    """Puts values into a secret, as RDS does, and gives its ARN."""

    def put(**values):
        try:
            return manager.create_secret(Name=request.node.name, SecretString=json.dumps(values))["ARN"]
        except manager.exceptions.ResourceExistsException:
            return manager.put_secret_value(SecretId=request.node.name, SecretString=json.dumps(values))["ARN"]

    return put


@pytest.fixture
def whole(server, secret):
    """A secret with all that RDS writes into it."""

    def put(password, user="rotating"):
        where = {"engine": "postgres", "host": "127.0.0.1", "port": int(server.PORT), "dbname": "foundry"}
        return secret(username=user, password=password, **where)

    return put


def test_a_secret_says_all_that_is_needed(connect, server, whole):
    server.set_password("rotating", "first")
    connection = connect(FOUNDRY_DATABASE_SECRET=whole("first"))
    assert value(connection, WHO) == "rotating"
    assert connection.settings_dict["CONN_MAX_AGE"] == 0


def test_host_and_port_can_be_a_proxys(connect, server, secret):
    server.set_password("rotating", "first")
    arn = secret(username="rotating", password="first", host="nowhere.invalid", port=1, dbname="foundry")
    connection = connect(
        FOUNDRY_DATABASE_SECRET=arn, FOUNDRY_DATABASE_HOST="127.0.0.1", FOUNDRY_DATABASE_PORT=server.PORT
    )
    assert value(connection, WHO) == "rotating"


def test_where_to_can_be_in_variables_alone(connect, server, secret):
    server.set_password("rotating", "first")
    connection = connect(
        FOUNDRY_DATABASE_SECRET=secret(username="rotating", password="first"),
        FOUNDRY_DATABASE_HOST="127.0.0.1",
        FOUNDRY_DATABASE_PORT=server.PORT,
        FOUNDRY_DATABASE_NAME="foundry",
    )
    assert value(connection, "SELECT current_database()") == "foundry"


def test_a_secret_that_rds_manages_has_a_password_only_and_the_url_says_the_rest(connect, server, secret):
    server.set_password("rotating", "first")
    arn = secret(username="rotating", password="first")
    connection = connect(FOUNDRY_DATABASE_SECRET=arn, DATABASE_URL=f"postgresql://127.0.0.1:{server.PORT}/foundry")
    assert value(connection, WHO) == "rotating"


def test_the_host_in_a_secret_is_held_to_tls_in_production(connect, server, secret):
    arn = secret(username="rotating", password="first", host="db.example", port=1, dbname="foundry")
    with pytest.raises(ImproperlyConfigured, match="no such file"):
        connect(FOUNDRY_DATABASE_SECRET=arn, certificates=Path("/nowhere"))


def test_a_process_outlives_a_rotation(connect, server, whole):
    server.set_password("rotating", "first")
    connection = connect(FOUNDRY_DATABASE_SECRET=whole("first"))
    server.set_password("rotating", "second")
    whole("second")
    assert value(connection, WHO) == "rotating"  # the open one goes on
    connection.close()
    started = time.monotonic()
    assert value(connection, WHO) == "rotating"
    assert time.monotonic() - started < 2


def test_a_connection_made_while_it_is_rotated_waits_for_the_new_secret(connect, server, whole):
    server.set_password("rotating", "first")
    connection = connect(FOUNDRY_DATABASE_SECRET=whole("first"))
    connection.close()
    server.set_password("rotating", "second")  # the server first, the secret a little later
    later = threading.Timer(0.7, whole, ["second"])
    later.start()
    assert value(connection, WHO) == "rotating"
    later.join()


def test_the_secret_is_read_once_a_process(connect, server, whole, manager, monkeypatch):
    server.set_password("rotating", "first")
    reads = []
    read = secrets.read
    monkeypatch.setattr(secrets, "read", lambda name: reads.append(name) or read(name))
    connection = connect(FOUNDRY_DATABASE_SECRET=whole("first"))
    for _ in range(5):
        connection.close()
        value(connection, WHO)
    assert len(reads) == 1


def test_a_password_that_stays_wrong_is_an_error_in_the_end(connect, server, whole, monkeypatch):
    monkeypatch.setattr(patience, "_LONG", patience.Patience(0.5, 0.1, 0.1))
    server.set_password("rotating", "right")
    with pytest.raises(OperationalError, match="password authentication failed"):
        connect(FOUNDRY_DATABASE_SECRET=whole("wrong"))


def test_a_wrong_password_in_the_url_is_an_error_at_once(connect, server, address):
    url = address("rotating", "right", host="127.0.0.1").replace(":right@", ":wrong@")
    started = time.monotonic()
    with pytest.raises(OperationalError, match="password authentication failed"):
        connect(DATABASE_URL=url)
    assert time.monotonic() - started < 2


def test_a_secret_that_is_not_there_is_named(connect):
    with pytest.raises(OperationalError, match=r"The secret gone cannot be read: .*ResourceNotFound"):
        connect(FOUNDRY_DATABASE_SECRET="gone")


@pytest.mark.parametrize("text", ["hunter2", '{"username": "hunter2"}', '["hunter2"]'])
def test_a_secret_of_another_kind_is_named_and_not_shown(connect, manager, text):
    name = f"other-{abs(hash(text))}"
    manager.create_secret(Name=name, SecretString=text)
    with pytest.raises(ImproperlyConfigured, match=f"secret {name} is not a database's") as caught:
        connect(FOUNDRY_DATABASE_SECRET=name)
    assert "hunter2" not in str(caught.value)


def test_secrets_manager_out_of_reach_is_an_error_within_seconds(connect, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(OperationalError, match="cannot be read"):
        connect(FOUNDRY_DATABASE_SECRET="any")
    assert time.monotonic() - started < 20


def test_an_iam_token_is_signed_for_the_user_and_fresh_for_each_connection(connect, server, address, monkeypatch):
    url = address("machine", "unused", host="127.0.0.1").replace(":unused@", "@")
    taken = []
    complete = IamToken.complete

    def grant(self, entry):
        """As RDS would: the server takes exactly the token that was signed."""
        completed = complete(self, entry)
        taken.append(completed["PASSWORD"])
        server.set_password("machine", completed["PASSWORD"])
        return completed

    monkeypatch.setattr(IamToken, "complete", grant)
    connection = connect(DATABASE_URL=url, FOUNDRY_DATABASE_AUTH="iam")
    assert value(connection, WHO) == "machine"
    assert taken[0].startswith(f"127.0.0.1:{server.PORT}/?Action=connect&DBUser=machine&X-Amz-Algorithm=AWS4-HMAC")
    assert "X-Amz-Expires=900" in taken[0]
    time.sleep(1.1)  # a token names the second in which it was signed
    connection.close()
    assert value(connection, WHO) == "machine"
    assert len(set(taken)) == 2


def test_a_refused_iam_token_is_an_error_at_once(connect, server, address):
    url = address("machine", "another", host="127.0.0.1").replace(":another@", "@")
    started = time.monotonic()
    with pytest.raises(OperationalError, match="password authentication failed"):
        connect(DATABASE_URL=url, FOUNDRY_DATABASE_AUTH="iam")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "variables",
    [
        {"FOUNDRY_DATABASE_SECRET": "any"},
        {"DATABASE_URL": "postgresql://db.example/foundry"},
        {"DATABASE_URL": "postgresql://user@/foundry"},
    ],
)
def test_iam_without_what_it_needs_says_so(connect, variables):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL with the user and the host"):
        connect(FOUNDRY_DATABASE_AUTH="iam", **variables)


PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "foundry.settings",
    "FOUNDRY_PRODUCTION": "1",
    "FOUNDRY_ALLOWED_HOSTS": "foundry.example",
    "PYTHONPATH": str(ROOT),
}
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "foundry-production", "AWS_LAMBDA_FUNCTION_VERSION": "7"}


def run(code, **variables):
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("FOUNDRY_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment | PRODUCTION | variables, capture_output=True, text=True
    )


WHOLE_PROCESS = """
import sys, django
django.setup()
from django.conf import settings
from django.db import connection
assert "boto3" not in sys.modules, "a start imports nothing that it may not need"
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user")
    print(cursor.fetchone()[0], len(settings.SECRET_KEY), settings.DATABASES["default"]["CONN_MAX_AGE"])
"""


def test_a_function_starts_with_names_of_secrets_only(server, whole, manager):
    server.set_password("rotating", "first")
    manager.create_secret(Name="key", SecretString="k" * 64)
    variables = {"FOUNDRY_DATABASE_SECRET": whole("first"), "FOUNDRY_SECRET_KEY_SECRET": "key"}
    done = run(WHOLE_PROCESS, **LAMBDA, **variables)
    assert (done.stdout, done.stderr) == ("rotating 64 0\n", "")


def test_a_short_key_in_a_vault_is_refused(manager):
    manager.create_secret(Name="short-key", SecretString="k" * 20)
    done = run("from django.conf import settings; settings.SECRET_KEY + ''", FOUNDRY_SECRET_KEY_SECRET="short-key")
    assert "ImproperlyConfigured: The secret short-key has 20 characters; write 50" in done.stderr


def test_the_client_gives_up_within_seconds():
    config: Config = secrets._client().meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (2, 5, 3)
