"""The files of a request: the table of its results, and its artifacts. Each is drawn when somebody asks for it."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from django.conf import settings
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.module_loading import import_string

from foundry import catalog
from foundry.api import bundle, results
from foundry.contract import Artifact
from foundry.core import artifacts
from foundry.core import requests as selectors
from foundry.core.requests import RequestView

#: What the results can be had as, with the media types.
TABLES = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which file of a request, in plain values."""

    kind: Literal["results", "artifacts"]
    #: A key of `TABLES`, or the artifact's name.
    name: str
    #: Of results: only those in that state.
    state: str | None = None
    #: Of an artifact of one item: which item.
    position: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """A file that can be drawn."""

    view: RequestView
    asked: Asked

    @property
    def name(self) -> str:
        """What it is saved as."""
        if self.asked.kind == "results":
            stem = bundle.stem(self.view.request) if self.asked.name == "zip" else "results"
            return f"{stem}.{self.asked.name}"
        return f"{self.asked.position}-{self.asked.name}" if self.asked.position else self.asked.name

    @property
    def media_type(self) -> str:
        return TABLES[self.asked.name] if self.asked.kind == "results" else self._artifact.media_type

    @property
    def disposition(self) -> str:
        """The header that makes a browser save it."""
        return content_disposition_header(as_attachment=True, filename=self.name) or "attachment"

    def draw(self) -> Iterator[bytes]:
        """Its bytes, piece by piece."""
        request = self.view.request
        if self.asked.kind == "artifacts":
            text = artifacts.render(request=request, artifact=self._artifact, position=self.asked.position)
            return (piece.encode() for piece in text)
        rows = selectors.all_results(request=request.pk, state=self.asked.state)
        if self.asked.name == "ndjson":  # which needs no service: it may be gone
            return results.as_ndjson(rows)
        service = catalog.get(request.service)
        match self.asked.name:
            case "zip":
                return bundle.of_all(self.view, service)
            case "xlsx":
                return bundle.workbook_of(self.view, service, state=self.asked.state)
        return results.as_csv(rows, service)

    def response(self, pieces: Iterable[bytes]) -> StreamingHttpResponse:
        """The pieces as an answer."""
        return StreamingHttpResponse(
            pieces, content_type=self.media_type, headers={"Content-Disposition": self.disposition}
        )

    @property
    def _artifact(self) -> Artifact:
        known = catalog.get(self.view.request.service).artifacts
        return next(artifact for artifact in known if artifact.name == self.asked.name)


class Answers(Protocol):
    """How a file reaches who asked for it and may have it; FOUNDRY_FILES names the class."""

    def answer(self, file: File) -> HttpResponseBase:
        """The file, or where it is. Raises ProblemError."""


class Streamed:
    """Drawn while it is sent, so that it may have any length."""

    def answer(self, file: File) -> HttpResponseBase:
        """The first piece is drawn at once: what fails by then is answered as a problem and not as half a file."""
        pieces = file.draw()
        return file.response(itertools.chain(list(itertools.islice(pieces, 1)), pieces))


def answer(view: RequestView, asked: Asked) -> HttpResponseBase:
    """The file, to somebody who may see the request. Raises ProblemError."""
    return _answers(settings.FOUNDRY_FILES).answer(File(view, asked))


@functools.cache
def _answers(path: str) -> Answers:
    answers: Answers = import_string(path)()
    return answers
