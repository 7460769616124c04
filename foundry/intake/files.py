"""All files of a request, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foundry.intake import archive, fasta, formats, genbank, snapgene, table
from foundry.intake.errors import ACCEPTED, FileError, IntakeError, IntakeTooLargeError, refuse
from foundry.intake.record import Record, Source, Upload, printable, unreadable
from foundry.intake.text import Text

_READERS = {
    formats.Format.FASTA: fasta.read,
    formats.Format.GENBANK: genbank.read,
    formats.Format.TABLE: table.read,
}
_SHOWN = 3


def read(uploads: Iterable[Upload], *, max_items: int, max_bytes: int) -> list[Record]:
    """Every record of every file, in order; one that cannot be read is there with its error.

    `max_bytes` bounds what the files come to when unpacked. Files are unpacked as they are read, and not beyond the
    first item over `max_items`. Raises `IntakeError`.
    """
    records: list[Record] = []
    budget = archive.Budget(max_bytes)
    for upload in uploads:
        shown = Upload(printable(upload.name) or "unnamed file", upload.content)
        for name, content in _unzipped(shown, budget, max_items):
            _add_file(records, name, content, budget, max_items)
    _check_found(records)
    return records


def _unzipped(
    upload: Upload, budget: archive.Budget, max_items: int
) -> Iterator[tuple[str, archive.Stream | FileError]]:
    if archive.is_zip(upload.content) and not formats.foreign(upload.name, upload.content):
        yield from archive.unzip(upload, budget, max_items)
    else:
        yield upload.name, archive.plain(upload, budget)


def _add_file(
    records: list[Record], name: str, content: archive.Stream | FileError, budget: archive.Budget, max_items: int
) -> None:
    """Add a file's records; if it cannot be read to its end, its error alone."""
    before = len(records)
    try:
        if isinstance(content, FileError):
            raise content
        for record in _of_content(name, content, budget):
            _add(records, record, max_items)
    except FileError as error:
        del records[before:]
        _add(records, unreadable(Source(name, line=error.line), error.code, error.message), max_items)


def _add(records: list[Record], record: Record, max_items: int) -> None:
    if len(records) == max_items:
        raise IntakeTooLargeError(
            "items_limit",
            f"{record.source}: this is over the limit of {max_items:,} items in a request; split it",
            limit=max_items,
        )
    records.append(record)


def _of_content(name: str, stream: archive.Stream, budget: archive.Budget) -> Iterator[Record]:
    if archive.is_gzip(stream.peek()):
        stream = archive.gunzip(stream, budget)
    head = stream.peek()
    if snapgene.is_snapgene(head):
        return snapgene.read(name, b"".join(iter(stream.read, b"")))
    looks_like = formats.foreign(name, head)
    if looks_like:
        raise refuse(looks_like)
    if archive.is_zip(head) or archive.is_gzip(head):
        raise FileError("archive_nested", "this is an archive in an archive; unpack it and send the files in one")
    formats.check_encoding(head)
    text = Text(stream)
    return _READERS[formats.of_text(name, text.head)](name, text)


def _check_found(records: list[Record]) -> None:
    """Raise for a request in which there is nothing but files that cannot be read."""
    if any(record.error is None or record.source.record for record in records):
        return
    messages = [record.error.message for record in records if record.error]
    more = f"; and {len(messages) - _SHOWN} more" if len(messages) > _SHOWN else ""
    found = "; ".join(messages[:_SHOWN]) or f"there is no file in the request; accepted are {ACCEPTED}"
    code = records[0].error.code if records and records[0].error else "files_missing"
    raise IntakeError(code, f"{found}{more}")
