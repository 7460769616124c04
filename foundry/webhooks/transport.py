"""One POST to one checked address, within a time and with an answer of a bounded length."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping

import certifi

from foundry.webhooks.addresses import ForbiddenAddressError, Target, target

#: Seconds from the connection to the end of the answer.
TIMEOUT_S = 15.0
#: Of an answer's body; the rest is not read.
_KEPT_BYTES = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What came of it."""

    took_ms: int
    #: The HTTP status; None: no answer.
    status: int | None = None
    #: Why it does not count as delivered; empty: it does.
    error: str = ""
    body: str = ""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send it. Never raises for what the other side does; redirects are not followed."""
    began = time.monotonic()
    status, error, said = None, "", ""
    try:
        status, said = _post(target(url), body, headers)
        error = "" if 200 <= status < 300 else _not_delivered(status)
    except ForbiddenAddressError as refused:
        error = str(refused)
    except (OSError, http.client.HTTPException, ValueError) as failure:
        error = _reason(failure, time.monotonic() - began)
    return Answer(round(1000 * (time.monotonic() - began)), status, error[:300], said)


def _post(to: Target, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    with _connected(to) as raw, _deadline(raw):
        connection = http.client.HTTPConnection(to.host, to.port)
        connection.sock = _context().wrap_socket(raw, server_hostname=to.host) if to.scheme == "https" else raw
        with contextlib.closing(connection):
            connection.request("POST", to.path, body, {"Host": to.host_header, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(_KEPT_BYTES).decode(errors="replace").replace("\0", "")


def _connected(to: Target) -> socket.socket:
    """To the checked address and no other: nothing is looked up again."""
    made = socket.socket(socket.AF_INET6 if ":" in to.address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.settimeout(TIMEOUT_S)
        made.connect((to.address, to.port))
    except BaseException:
        made.close()
        raise
    return made


@contextlib.contextmanager
def _deadline(connected: socket.socket) -> Iterator[None]:
    """Cut the connection when the time is up, however slowly the other side goes on talking."""
    handle = socket.socket(fileno=os.dup(connected.fileno()))  # TLS takes the first one away

    def cut() -> None:
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(TIMEOUT_S, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


@functools.cache
def _context() -> ssl.SSLContext:
    """What this machine trusts, which may include a laboratory's own authority, and the public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _not_delivered(status: int) -> str:
    if 300 <= status < 400:
        return f"Answered {status}: redirects are not followed."
    return f"Answered {status}."


def _reason(failure: Exception, took_s: float) -> str:
    if took_s >= TIMEOUT_S or isinstance(failure, TimeoutError):
        return f"No answer within {TIMEOUT_S:.0f} seconds."
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"The certificate is not right: {failure.verify_message}."
    said = getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
    return f"No answer: {said}."
