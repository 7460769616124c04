"""The one class that programs use."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from foundry.client.decode import decode
from foundry.client.errors import FoundryError
from foundry.client.http import Http
from foundry.client.invoke import Invoke
from foundry.client.model import Artifact, Request, RequestState, Result, Service, ServiceDetail
from foundry.client.progress import bar
from foundry.client.table import Table

#: A path, or a name and the contents.
type File = str | os.PathLike[str] | tuple[str, bytes]
#: A request, or its id.
type AnyRequest = Request | str

_FIRST_LOOK_S, _LONGEST_LOOK_S, _LONGER_EACH_TIME = 0.1, 2.0, 1.5
_PIECE_BYTES = 1 << 16
_PAGE_RESULTS, _TOO_LARGE = 1000, 413


class Foundry:
    """One Foundry, as one user.

    What Foundry refuses or does not answer raises FoundryError, of which ConnectionFailedError is a kind; files that
    cannot be read or written raise OSError, arguments that do not go together ValueError.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, function: str | None = None) -> None:
        """The address, such as https://foundry.example, is FOUNDRY_URL by default, and the token FOUNDRY_TOKEN.

        Or without HTTP: `function` is the API's Lambda function, invoked with the AWS credentials that boto3 finds,
        and then no token is needed.
        """
        self._http: Http
        if function is None:
            self._http = Http(_given(url, "FOUNDRY_URL", "url"), _given(token, "FOUNDRY_TOKEN", "token"))
        elif url is None:
            self._http = Invoke(function, token)
        else:
            raise ValueError("Give either a url or a function.")

    def services(self) -> list[Service]:
        """What can be requested."""
        return [decode(Service, one) for one in self._http.json("GET", "/services")["services"]]

    def service(self, name: str) -> ServiceDetail:
        """One service with its schemas, result columns, artifacts and examples."""
        return decode(ServiceDetail, self._http.json("GET", f"/services/{quote(name, safe='')}"))

    def submit(
        self,
        service: str,
        items: Iterable[Mapping[str, Any]] | None = None,
        *,
        files: Iterable[File] | None = None,
        options: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
        label: str = "",
        tags: Iterable[str] = (),
        priority: int = 0,
        idempotency_key: str | None = None,
    ) -> Request:
        """Submit items, or files of them (FASTA, GenBank, CSV, a zip of those), and return at once.

        `defaults` are values for item fields that an item does not give, such as {"topology": "circular"}. The same
        key makes the same request only once; without one, each call makes a request of its own, however often the
        connection fails meanwhile.
        """
        if (items is None) == (files is None):
            raise ValueError("Give either items or files.")
        fields = {"service": service, "label": label, "priority": priority}
        settings = {"options": dict(options or {}), "defaults": dict(defaults or {}), "tags": list(tags)}
        body: dict[str, Any]
        if items is not None:
            body = {"json": {**fields, **settings, "items": [dict(item) for item in items]}}
        else:
            told = {name: json.dumps(value) for name, value in settings.items()}
            body = {"data": {**fields, **told}, "files": [("files", _read(file)) for file in files or ()]}
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        answer = self._http.call("POST", "/requests", headers=headers, **body)
        replayed = answer.headers.get("Idempotent-Replayed") == "true"
        return decode(Request, self._http.body(answer) | {"replayed": replayed})

    def request(self, request: AnyRequest) -> Request:
        """The request as it is now."""
        return decode(Request, self._http.json("GET", _path(request)))

    def requests(
        self,
        *,
        service: str | None = None,
        state: RequestState | None = None,
        label: str | None = None,
        tag: str | None = None,
        page_size: int = 100,
    ) -> Iterator[Request]:
        """The team's requests, the newest first. `label` is any part of one."""
        wanted: dict[str, Any] | None
        wanted = {"service": service, "state": state, "label": label, "tag": tag, "limit": page_size}
        while wanted is not None:
            page = self._http.json("GET", "/requests", params=wanted)
            yield from (decode(Request, one) for one in page["requests"])
            # Only the query: the token must not go wherever an answer says.
            wanted = dict(parse_qsl(urlsplit(page["next"]).query)) if page["next"] else None

    def wait(
        self,
        request: AnyRequest,
        *,
        timeout: float | None = None,
        progress: Callable[[Request], None] | Literal[True] | None = None,
    ) -> Request:
        """Wait until the request has ended. `progress` is called with each look at it; True shows a bar.

        Raises TimeoutError after `timeout` seconds; the request goes on.
        """
        if progress is True:
            with bar() as show:
                return self.wait(request, timeout=timeout, progress=show)
        ends_at = time.monotonic() + timeout if timeout is not None else float("inf")
        for number in itertools.count():
            current = self.request(request)
            if progress:
                progress(current)
            if current.state.has_ended:
                return current
            left = ends_at - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"Request {current.id} is still {current.state} after {timeout:g} s; it goes on.")
            time.sleep(min(left, _LONGEST_LOOK_S, _FIRST_LOOK_S * _LONGER_EACH_TIME ** min(number, 10)))
        raise AssertionError("unreachable")

    def results(self, request: AnyRequest, state: Literal["succeeded", "failed"] | None = None) -> Iterator[Result]:
        """What the items came to, by position, one by one as they arrive; of a running request, those there are."""
        if self._http.streams:
            try:
                yield from self._streamed_results(request, state)
                return
            except FoundryError as error:
                if error.status != _TOO_LARGE:  # for one answer, as on Lambda while the request runs
                    raise
        yield from (decode(Result, one) for one in self._paged_results(request, state))

    def _streamed_results(self, request: AnyRequest, state: Literal["succeeded", "failed"] | None) -> Iterator[Result]:
        rest = b""
        for piece in self.export(request, "ndjson", state):
            *lines, rest = (rest + piece).split(b"\n")
            yield from (decode(Result, json.loads(line)) for line in lines if line)

    def table(self, request: AnyRequest, state: Literal["succeeded", "failed"] | None = None) -> Table:
        """The results as a table with the service's columns; notebooks show it, `.frame()` makes a DataFrame of it."""
        current = request if isinstance(request, Request) else self.request(request)
        return Table(self.service(current.service).columns, self.results(current, state))

    def export(
        self, request: AnyRequest, kind: Literal["csv", "ndjson"], state: Literal["succeeded", "failed"] | None = None
    ) -> Iterator[bytes]:
        """The results as one table or as lines of JSON, piece by piece as they arrive."""
        if kind == "ndjson" and not self._http.streams:
            for one in self._paged_results(request, state):
                yield json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            return
        yield from self._stream(f"{_path(request)}/results", {"format": kind, "state": state})

    def _paged_results(self, request: AnyRequest, state: str | None) -> Iterator[dict[str, Any]]:
        """Page by page; a page that is too long for one answer is asked for in halves."""
        wanted: dict[str, Any] = {"state": state, "limit": _PAGE_RESULTS}
        while True:
            try:
                page = self._http.json("GET", f"{_path(request)}/results", params=wanted)
            except FoundryError as error:
                if error.status != _TOO_LARGE or wanted["limit"] == 1:
                    raise
                wanted["limit"] //= 2
                continue
            yield from page["results"]
            if page["next"] is None:
                return
            wanted["cursor"] = dict(parse_qsl(urlsplit(page["next"]).query))["cursor"]

    def download(
        self, request: AnyRequest, artifact: Artifact | str, path: str | os.PathLike[str], item: int | None = None
    ) -> Path:
        """Save an artifact of the request, or of the item at that position. Nothing is at `path` until all of it is."""
        return save(path, self.artifact(request, artifact, item))

    def artifact(self, request: AnyRequest, artifact: Artifact | str, item: int | None = None) -> Iterator[bytes]:
        """An artifact of the request, or of the item at that position, piece by piece as it arrives."""
        name = artifact if isinstance(artifact, str) else artifact.name
        yield from self._stream(f"{_path(request)}/artifacts/{quote(name, safe='')}", {"item": item})

    def cancel(self, request: AnyRequest) -> Request:
        """Compute no more of it; results that are there stay."""
        return decode(Request, self._http.json("POST", f"{_path(request)}/cancel"))

    def retry(self, request: AnyRequest) -> Request:
        """Compute the failed items again."""
        return decode(Request, self._http.json("POST", f"{_path(request)}/retry"))

    def _stream(self, path: str, params: dict[str, Any]) -> Iterator[bytes]:
        with self._http.call("GET", path, params=params, stream=True) as answer, self._http.translated_errors():
            yield from answer.iter_content(_PIECE_BYTES)


def _given(value: str | None, variable: str, what: str) -> str:
    if value := value or os.environ.get(variable):
        return value
    raise ValueError(f"Give Foundry's {what}, or set {variable}.")


def _path(request: AnyRequest) -> str:
    return f"/requests/{quote(request if isinstance(request, str) else request.id, safe='')}"


def _read(file: File) -> tuple[str, bytes]:
    """Into memory, so that it can be sent again."""
    if isinstance(file, tuple):
        return file
    path = Path(file)
    return path.name, path.read_bytes()


def save(path: str | os.PathLike[str], pieces: Iterable[bytes]) -> Path:
    """Write a file. Nothing new is at `path` until all of it is."""
    with _whole_file(Path(path)) as write:
        for piece in pieces:
            write(piece)
    return Path(path)


@contextlib.contextmanager
def _whole_file(target: Path) -> Iterator[Callable[[bytes], Any]]:
    """Write to a file beside the target that takes its place at the end, or vanishes."""
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with partial.open("xb") as file:
            yield file.write
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
