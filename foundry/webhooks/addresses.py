"""Where webhooks may go: never into the network that the platform itself runs in.

Whoever names an address chooses what its name resolves to, and may choose anew each time. So a name is resolved once,
all that it resolves to is checked, and the connection goes to exactly what was checked.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: What Python takes for global and is not safe: metadata of clouds, and addresses that another address hides in.
_FORBIDDEN = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # Azure's
            "100.64.0.0/10",  # shared address space, and Alibaba's
            "192.88.99.0/24",  # 6to4 relays
            "::/96",  # IPv4-compatible
            "::ffff:0:0/96",  # IPv4-mapped
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "fec0::/10",  # site-local
        ),
    )
)


class ForbiddenAddressError(Exception):
    """Nothing is sent there; the message says why, for people."""


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A URL, with the one address that a connection for it may go to."""

    scheme: str
    host: str
    port: int
    #: Path and query.
    path: str
    address: str

    @property
    def host_header(self) -> str:
        """The host as HTTP names it: with the port, if it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


_PORTS = {"https": 443, "http": 80}


def target(url: str) -> Target:
    """Resolve and check. Raises ForbiddenAddressError."""
    parts, host, port = _parts(url)
    addresses = _resolve(host, port)
    for address in addresses:
        if not (_is_public(address) or _is_trusted(address)):
            raise ForbiddenAddressError(f"{host} is at {address}, which is no public address.")
    if parts.scheme != "https" and not all(map(_is_trusted, addresses)):
        raise ForbiddenAddressError("Write an address that begins with https://.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, str(addresses[0]))


def _parts(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode()
    except ValueError:
        raise ForbiddenAddressError("This is not an address that can be read.") from None
    if parts.scheme not in _PORTS or not host:
        raise ForbiddenAddressError("Write an address such as https://lims.example.org/foundry.")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddressError("Names and passwords do not go into the address; messages are signed.")
    if not re.fullmatch(r"[!-~]*", url):
        raise ForbiddenAddressError("Write what is not ASCII in the address as %XX.")
    return parts, host, port or _PORTS[parts.scheme]


def _resolve(host: str, port: int) -> list[Address]:
    """All that the name stands for, each once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise ForbiddenAddressError(f"There is no host {host}.") from None
    return [ipaddress.ip_address(text) for text in dict.fromkeys(str(place[0]) for *_, place in found)]


def _is_public(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in network for network in _FORBIDDEN)


def _is_trusted(address: Address) -> bool:
    return any(address in ipaddress.ip_network(network) for network in settings.FOUNDRY_WEBHOOK_TRUSTED)
