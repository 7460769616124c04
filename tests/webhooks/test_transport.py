"""One POST: bounded in time and length, over TLS that is checked."""

from __future__ import annotations

import ssl
import time

import pytest

from foundry.webhooks import transport
from tests.database.authority import Authority
from tests.webhooks.test_addresses import resolver


@pytest.fixture
def hurried(monkeypatch) -> None:
    monkeypatch.setattr("foundry.webhooks.transport.TIMEOUT_S", 0.4)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_2xx_is_delivered(status, receiver):
    receiver.status = status
    assert transport.post(receiver.url, b"{}", {}).error == ""


@pytest.mark.parametrize("status", [301, 400, 404, 410, 429, 500])
def test_everything_else_is_not(status, receiver):
    receiver.status = status
    answer = transport.post(receiver.url, b"{}", {})
    assert (answer.status, str(status) in answer.error) == (status, True)


def test_of_a_long_answer_the_beginning_is_kept(receiver):
    receiver.status, receiver.body = 200, "é".encode() * 1_000_000
    answer = transport.post(receiver.url, b"{}", {})
    assert answer.error == ""
    assert len(answer.body) <= 1000


@pytest.mark.usefixtures("hurried")
def test_who_talks_slowly_is_cut_off(receiver):
    receiver.status, receiver.body, receiver.pause_s = 200, b"y" * 500, 0.1
    began = time.monotonic()
    answer = transport.post(receiver.url, b"{}", {})
    assert time.monotonic() - began < 1.5
    assert answer.error == "No answer within 0 seconds." or answer.status == 200


@pytest.mark.usefixtures("hurried")
def test_who_says_nothing_is_not_waited_for(monkeypatch, settings):
    import socket

    settings.FOUNDRY_WEBHOOK_TRUSTED = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = transport.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", b"{}", {})
    assert (answer.status, answer.error[:16]) == (None, "No answer within")


def test_nobody_there(settings):
    settings.FOUNDRY_WEBHOOK_TRUSTED = ["127.0.0.0/8"]
    answer = transport.post("http://127.0.0.1:9/", b"{}", {})
    assert (answer.status, answer.error) == (None, "No answer: Connection refused.")


def test_a_query_and_a_body_arrive_as_they_are(receiver):
    transport.post(receiver.url + "?a=%20b", b'{"a": "\xc3\xa9"}', {"webhook-id": "m"})
    (heard,) = receiver.heard
    assert (heard.path, heard.body, heard.headers["webhook-id"]) == ("/hook?a=%20b", b'{"a": "\xc3\xa9"}', "m")


@pytest.fixture
def authority(tmp_path, monkeypatch) -> Authority:
    """Trusted by this machine."""
    authority = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    transport._context.cache_clear()
    yield authority
    transport._context.cache_clear()


def with_tls(receiver, certificate, key) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)


def test_tls_is_for_the_name_and_not_the_address(start_receiver, authority, monkeypatch):
    receiver = start_receiver()
    with_tls(receiver, *authority.issue("lims.example"))
    resolver(monkeypatch, ["127.0.0.1"])
    answer = transport.post(f"https://lims.example:{receiver.server_port}/", b"{}", {})
    assert answer.error == ""


def test_a_certificate_for_another_name_is_refused(start_receiver, authority, monkeypatch):
    receiver = start_receiver()
    with_tls(receiver, *authority.issue("other.example"))
    resolver(monkeypatch, ["127.0.0.1"])
    answer = transport.post(f"https://lims.example:{receiver.server_port}/", b"{}", {})
    assert answer.error.startswith("The certificate is not right: Hostname mismatch")
    assert receiver.heard == []


def test_a_certificate_of_an_unknown_authority_is_refused(start_receiver, authority, tmp_path, monkeypatch):
    receiver = start_receiver()
    with_tls(receiver, *Authority(tmp_path / "unknown").issue("lims.example"))
    resolver(monkeypatch, ["127.0.0.1"])
    answer = transport.post(f"https://lims.example:{receiver.server_port}/", b"{}", {})
    assert answer.error.startswith("The certificate is not right")
    assert receiver.heard == []
