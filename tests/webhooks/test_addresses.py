"""Nothing is sent into the platform's own network, however it is named."""

from __future__ import annotations

import socket

import pytest

from foundry.webhooks import endpoints, transport
from foundry.webhooks.addresses import ForbiddenAddressError, target
from foundry.webhooks.endpoints import EndpointError
from foundry.webhooks.models import Delivery
from foundry.webhooks.send import send_due

PUBLIC = "93.184.215.14"


def resolver(monkeypatch, *answers: list[str]) -> list[str]:
    """Names resolve to these, one list after the other, the last one again and again. Returns the names asked for."""
    asked: list[str] = []
    waiting = list(answers)

    def getaddrinfo(host, port, *args, **kwargs):
        asked.append(host)
        addresses = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]

    monkeypatch.setattr("foundry.webhooks.addresses.socket.getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.7",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",  # Alibaba's metadata
        "169.254.169.254",  # of AWS, Google and others
        "169.254.170.2",  # of containers on AWS
        "168.63.129.16",  # of Azure
        "192.0.0.192",  # of Oracle
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:93.184.215.14",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",  # AWS's metadata
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_are_not_public_are_refused(address, monkeypatch):
    resolver(monkeypatch, [address])
    with pytest.raises(ForbiddenAddressError, match="no public address"):
        target("https://innocent.example/")


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_taken(address, monkeypatch):
    resolver(monkeypatch, [address])
    assert target("https://lims.example/hook?a=1").address == address


def test_one_bad_address_among_good_ones_is_enough(monkeypatch):
    resolver(monkeypatch, [PUBLIC, "10.0.0.1"])
    with pytest.raises(ForbiddenAddressError, match=r"10\.0\.0\.1"):
        target("https://innocent.example/")


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
    ],
)
def test_loopback_is_known_in_all_its_writings(url):
    """With the resolver of this machine."""
    with pytest.raises(ForbiddenAddressError):
        target(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lims.example",
        "ftp://lims.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@lims.example/",
        "https://user@lims.example/",
        "https://lims.example/ä",
        "https://lims.example/a b",
        "https://lims.example:99999/",
        "https://[::1/",
        "https://lims.example/\r\nX-Injected: 1",
        "http://lims.example/",
    ],
)
def test_what_is_no_good_address_is_refused_with_a_reason(url, monkeypatch):
    resolver(monkeypatch, [PUBLIC])
    with pytest.raises(ForbiddenAddressError, match=r"\w+"):
        target(url)


def test_trusted_networks_may_be_reached_and_without_tls(settings, monkeypatch):
    settings.FOUNDRY_WEBHOOK_TRUSTED = ["10.1.0.0/16"]
    resolver(monkeypatch, ["10.1.2.3"])
    assert target("http://lims.lab:8080/x").port == 8080
    resolver(monkeypatch, ["10.2.2.3"])
    with pytest.raises(ForbiddenAddressError):
        target("https://lims.lab/x")


def test_a_name_that_resolves_differently_the_second_time_gains_nothing(start_receiver, settings, monkeypatch):
    """What was checked is what is connected to: the name is asked for once."""
    settings.FOUNDRY_WEBHOOK_TRUSTED = ["127.0.0.2/32"]
    good = start_receiver("127.0.0.2")
    internal = start_receiver("127.0.0.1", good.server_port)
    settings.FOUNDRY_WEBHOOK_TRUSTED = ["127.0.0.2/32"]
    asked = resolver(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    answer = transport.post(f"http://rebinding.example:{good.server_port}/x", b"{}", {})
    assert answer.status == 204
    assert asked == ["rebinding.example"]
    assert good.heard[0].headers["host"] == f"rebinding.example:{good.server_port}"
    answer = transport.post(f"http://rebinding.example:{good.server_port}/x", b"{}", {})
    assert (answer.status, "no public address" in answer.error) == (None, True)
    assert internal.heard == []


@pytest.mark.django_db
def test_a_name_that_was_public_when_it_was_given_is_checked_when_it_is_used(
    owner, start_receiver, settings, monkeypatch, finished
):
    internal = start_receiver()
    settings.FOUNDRY_WEBHOOK_TRUSTED = []
    resolver(monkeypatch, [PUBLIC], ["127.0.0.1"])
    url = f"https://rebinding.example:{internal.server_port}/"
    caller = owner.caller
    endpoints.create(team=caller.team, user=caller.user, url=url, states=endpoints.STATES)
    finished()
    send_due()
    delivery = Delivery.objects.get()
    assert delivery.state == "waiting"
    assert "127.0.0.1, which is no public address" in endpoints.attempts(delivery)[0].error
    assert internal.heard == []


@pytest.mark.django_db
def test_a_forbidden_address_is_refused_when_it_is_given(owner):
    caller = owner.caller
    with pytest.raises(EndpointError, match="no public address"):
        endpoints.create(
            team=caller.team, user=caller.user, url="https://169.254.169.254/latest", states=endpoints.STATES
        )


def test_a_redirect_is_not_followed(start_receiver):
    internal, receiver = start_receiver(), start_receiver()
    receiver.status, receiver.headers = 307, {"Location": internal.url}
    answer = transport.post(receiver.url, b"{}", {})
    assert (answer.status, answer.error) == (307, "Answered 307: redirects are not followed.")
    assert internal.heard == []
