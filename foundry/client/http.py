"""HTTP to one Foundry: addresses, the token, time limits, repetition, and errors as exceptions."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import requests
from requests.auth import AuthBase

from foundry.client.errors import ConnectionFailedError, FoundryError

#: Seconds to connect, and between two pieces of an answer.
TIMEOUT_S = (10.0, 60.0)
#: How often something is asked that may safely be asked again.
ATTEMPTS = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 30.0
#: The way there was in trouble, or Foundry has too much to do: the next time may do.
_TRANSIENT = {429, 502, 503, 504}
#: The code of a problem with which Foundry says that a file is not ready and will be.
_BEING_MADE, _UNAVAILABLE = b'"file_being_made"', 503
_BROKEN = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
_jitter = random.SystemRandom()


class Http:
    """Calls to the API at that address."""

    #: Whether an answer may be of any length, and is read while it arrives.
    streams = True

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/").removesuffix("/api/v1")
        #: As errors call it.
        self.name = self.url
        self._session = _Session()
        self._session.auth = _Bearer(token) if token else _nobody

    def json(self, method: str, path: str, **call: Any) -> dict[str, Any]:
        """The answer as JSON."""
        return self.body(self.call(method, path, **call))

    def body(self, answer: requests.Response) -> dict[str, Any]:
        """What an answer says."""
        try:
            body: dict[str, Any] = answer.json()
        except requests.JSONDecodeError:
            raise _not_foundry(self.name, answer) from None
        return body

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> requests.Response:
        """The answer, of which only the head has been read if `stream` is given.

        What changes nothing, or carries a key that makes it happen once, is asked again when there is no answer. A file
        that is being made is waited for. Raises FoundryError and ConnectionFailedError.
        """
        while _is_being_made(answer := self._repeated(method, path, headers, body)):
            pause(0, answer.headers.get("Retry-After", ""))
        return _checked(self.name, answer)

    def _repeated(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: dict[str, Any]
    ) -> requests.Response:
        """The first answer that says something, or the last one."""
        attempts = ATTEMPTS if method == "GET" or "Idempotency-Key" in (headers or {}) else 1
        for attempt in range(attempts):
            last = attempt == attempts - 1
            try:
                with self.translated_errors():
                    answer = self._send(method, path, headers, body)
            except ConnectionFailedError:
                if last:
                    raise
                pause(attempt)
                continue
            if answer.status_code not in _TRANSIENT or _is_being_made(answer) or last:
                break
            pause(attempt, answer.headers.get("Retry-After", ""))
        return answer

    def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: dict[str, Any]
    ) -> requests.Response:
        return self._session.request(
            method,
            f"{self.url}/api/v1{path}",
            headers=headers,
            timeout=TIMEOUT_S,
            allow_redirects=method == "GET",  # another method would become GET on its way
            **body,
        )

    @contextlib.contextmanager
    def translated_errors(self) -> Iterator[None]:
        """What `requests` raises while it connects or reads, as ConnectionFailedError."""
        try:
            yield
        except _BROKEN as error:
            raise ConnectionFailedError(f"No answer from {self.name}: {_reason(error)}.") from error
        except requests.RequestException as error:
            raise FoundryError(status=None, title=f"{self.name} cannot be asked: {error}") from error


class _Session(requests.Session):
    """Follows links to files that are kept elsewhere."""

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Elsewhere gets no token, and nothing that a .netrc file says of it: the link carries its own right."""
        if self.should_strip_auth(str(response.request.url), str(prepared_request.url)):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


class _Bearer(AuthBase):
    """An object and not a header, which `requests` would replace by what it finds in a .netrc file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Also an object: with none, `requests` would look into that file."""
    return request


def pause(attempt: int, retry_after: str = "") -> None:
    """Wait for as long as asked, or twice as long each time; never at the same moment as others."""
    wanted = float(retry_after) if retry_after.isdigit() else _FIRST_PAUSE_S * 2**attempt
    time.sleep(min(wanted, _LONGEST_PAUSE_S) * _jitter.uniform(0.75, 1.25))


def _is_being_made(answer: requests.Response) -> bool:
    return answer.status_code == _UNAVAILABLE and _is_problem(answer) and _BEING_MADE in answer.content


def _is_problem(answer: requests.Response) -> bool:
    return answer.headers.get("Content-Type", "").startswith("application/problem+json")


def _checked(name: str, answer: requests.Response) -> requests.Response:
    if answer.ok and not answer.is_redirect:
        return answer
    if answer.is_redirect:
        title = f"{name} sends this on to {answer.headers['Location']}: use that address."
        raise FoundryError(status=answer.status_code, title=title)
    if not _is_problem(answer):
        raise _not_foundry(name, answer)
    problem = answer.json()
    raise FoundryError(
        status=answer.status_code,
        title=problem.get("title", answer.reason),
        detail=problem.get("detail") or "",
        errors=problem.get("errors") or (),
    )


def _not_foundry(name: str, answer: requests.Response) -> FoundryError:
    if answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # said by what stands before it, such as API Gateway
        title = f"This is more than {name} takes at once: submit fewer items in one request, or files in a zip."
        return FoundryError(status=answer.status_code, title=title)
    title = f"{name} answered {answer.status_code} {answer.reason}, and not as Foundry does. Is the address right?"
    return FoundryError(status=answer.status_code, title=title)


def _reason(error: BaseException) -> str:
    """What the operating system said, which `requests` wraps several times."""
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return said.rstrip(".").lower()
