"""Production reaches its database encrypted, and only the one that is meant.

The embedded server's programs are built without TLS, so PgBouncer stands before it and takes nothing else, as RDS Proxy
may.
"""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from .authority import Authority
from .conftest import HOST, value
from .pgbouncer import pgbouncer


@pytest.fixture
def secured(needs_pgbouncer, tmp_path, server, address, authority):
    """The address of a server that takes TLS only."""
    users = {"secured": "right"}
    with pgbouncer(
        tmp_path / "tls", host="127.0.0.1", port=server.PORT, users=users, tls=authority.issue(HOST)
    ) as port:
        yield lambda **options: address("secured", "right", port=port, **options)


def is_encrypted(connection):
    assert value(connection, "SELECT 1") == 1
    return connection.connection.info.ssl_in_use


def test_production_is_encrypted_without_having_asked_for_it(connect, secured):
    connection = connect(DATABASE_URL=secured())
    assert is_encrypted(connection)
    assert connection.settings_dict["OPTIONS"]["sslmode"] == "verify-full"


def test_a_server_of_another_authority_is_refused(connect, secured, tmp_path):
    with pytest.raises(OperationalError, match="certificate verify failed"):
        connect(DATABASE_URL=secured(), certificates=Authority(tmp_path / "theirs").certificate)


def test_another_server_of_the_same_authority_is_refused(connect, secured):
    with pytest.raises(OperationalError, match="does not match host name"):
        connect(DATABASE_URL=secured(host="other.example"))


def test_in_the_clear_is_refused_by_the_server(connect, secured):
    with pytest.raises(OperationalError, match="SSL required"):
        connect(DATABASE_URL=secured(sslmode="disable"))


def test_in_the_clear_where_it_is_written(connect, address):
    connection = connect(DATABASE_URL=address("plain", "right", sslmode="disable"))
    assert not is_encrypted(connection)


@pytest.mark.parametrize("mode", ["prefer", "allow"])
def test_what_could_be_in_the_clear_is_refused_at_start(connect, address, mode):
    with pytest.raises(ImproperlyConfigured, match=f"sslmode={mode} may connect without TLS"):
        connect(DATABASE_URL=address("plain", "right", sslmode=mode))


def test_missing_certificates_are_named_at_start(connect, address):
    with pytest.raises(ImproperlyConfigured, match=r"certificates in /nowhere/global-bundle.pem.*make global-bundle"):
        connect(DATABASE_URL=address("plain", "right"), certificates=Path("/nowhere/global-bundle.pem"))


def test_the_certificates_can_be_elsewhere(connect, secured, authority):
    ca = str(authority.certificate)
    connection = connect(DATABASE_URL=secured(), FOUNDRY_DATABASE_CA=ca, certificates=Path("/nowhere"))
    assert is_encrypted(connection)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_needs_none(connect, address, host):
    connection = connect(
        DATABASE_URL=address("plain", "right", host=host, sslmode="prefer"), certificates=Path("/nowhere")
    )
    assert value(connection, "SELECT 1") == 1


def test_without_production_nothing_is_asked(connect, address):
    connection = connect(DATABASE_URL=address("plain", "right"), certificates=Path("/nowhere"), production=False)
    assert value(connection, "SELECT 1") == 1
