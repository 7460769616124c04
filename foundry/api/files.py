"""The files of a request: its results, what was sent, its artifacts. Each is drawn when somebody asks for it."""

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
from foundry.api import bundle, items, results
from foundry.contract import Artifact
from foundry.core import artifacts, result_table
from foundry.core.requests import RequestView
from foundry.core.result_table import ALL, Query

#: What the results can be had as, with the media types.
TABLES = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
#: What the items that were sent can be had as.
ITEMS = {"fasta": "text/x-fasta; charset=utf-8", "ndjson": "application/x-ndjson"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which file of a request, in plain values."""

    kind: Literal["results", "items", "artifacts"]
    #: A key of `TABLES` or of `ITEMS`, or the artifact's name.
    name: str
    #: Of a table and of items: which, and in which order.
    query: Query = ALL
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
        if self.asked.kind != "artifacts":
            items = "-items" if self.asked.kind == "items" else ""
            return f"{bundle.stem(self.view.request)}{bundle.selection(self.asked.query)}{items}.{self.asked.name}"
        return f"{self.asked.position}-{self.asked.name}" if self.asked.position else self.asked.name

    @property
    def media_type(self) -> str:
        match self.asked.kind:
            case "results":
                return TABLES[self.asked.name]
            case "items":
                return ITEMS[self.asked.name]
        return self._artifact.media_type

    @property
    def disposition(self) -> str:
        """The header that makes a browser save it."""
        return content_disposition_header(as_attachment=True, filename=self.name) or "attachment"

    def draw(self) -> Iterator[bytes]:
        """Its bytes, piece by piece."""
        match self.asked.kind:
            case "results":
                return self._results()
            case "items":
                return self._items()
        text = artifacts.render(request=self.view.request, artifact=self._artifact, position=self.asked.position)
        return (piece.encode() for piece in text)

    def _results(self) -> Iterator[bytes]:
        known = catalog.services().get(self.view.request.service)
        rows = result_table.results(self.view, known, self.asked.query)
        if self.asked.name == "ndjson":  # which needs no service: it may be gone
            return results.as_ndjson(rows)
        service = catalog.get(self.view.request.service)
        match self.asked.name:
            case "zip":
                return bundle.of_all(self.view, service)
            case "xlsx":
                return bundle.workbook_of(self.view, service, self.asked.query)
        return results.as_csv(rows, service)

    def _items(self) -> Iterator[bytes]:
        known = catalog.services().get(self.view.request.service)
        positions = result_table.positions(self.view, known, self.asked.query)
        written = items.as_fasta if self.asked.name == "fasta" else items.as_ndjson
        return written(self.view.request, positions)

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
