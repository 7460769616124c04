"""All files of a request, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foundry.intake import archive, fasta, formats, genbank, snapgene, table
from foundry.intake.errors import FileError, IntakeError, IntakeTooLargeError
from foundry.intake.record import Record, Source, Upload, printable, unreadable
from foundry.intake.text import decode

_READERS = {
    formats.Format.FASTA: fasta.read,
    formats.Format.GENBANK: genbank.read,
    formats.Format.TABLE: table.read,
}
_SHOWN = 3


def read(uploads: Iterable[Upload], *, max_items: int, max_bytes: int) -> list[Record]:
    """Every record of every file, in order; one that cannot be read is there with its error.

    `max_bytes` bounds what the files come to when unpacked. Raises `IntakeError`.
    """
    records: list[Record] = []
    for record in _records(uploads, archive.Budget(max_bytes), max_items):
        if len(records) == max_items:
            raise IntakeTooLargeError(
                "items_limit",
                f"{record.source}: this is over the limit of {max_items:,} items in a request; split it",
                limit=max_items,
            )
        records.append(record)
    _check_found(records)
    return records


def _records(uploads: Iterable[Upload], budget: archive.Budget, max_items: int) -> Iterator[Record]:
    for upload in uploads:
        shown = Upload(printable(upload.name) or "unnamed file", upload.content)
        for name, content in _unzipped(shown, budget, max_items):
            yield from _of_file(name, content, budget)


def _unzipped(upload: Upload, budget: archive.Budget, max_items: int) -> Iterator[tuple[str, bytes | FileError]]:
    if archive.is_zip(upload.content) and not formats.foreign(upload.content):
        yield from archive.unzip(upload, budget, max_items)
        return
    if not archive.is_gzip(upload.content):
        budget.take(len(upload.content), upload.name)
    yield upload.name, upload.content


def _of_file(name: str, content: bytes | FileError, budget: archive.Budget) -> Iterator[Record]:
    try:
        if isinstance(content, FileError):
            raise content
        yield from _of_content(name, content, budget)
    except FileError as error:
        yield unreadable(Source(name, line=error.line), error.code, error.message)


def _of_content(name: str, content: bytes, budget: archive.Budget) -> Iterator[Record]:
    if archive.is_gzip(content):
        content = archive.gunzip(name, content, budget)
    if snapgene.is_snapgene(content):
        return snapgene.read(name, content)
    looks_like = formats.foreign(content)
    if looks_like:
        raise formats.refuse(looks_like)
    if archive.is_zip(content) or archive.is_gzip(content):
        raise IntakeError("archive_nested", f"{name} is an archive in an archive; unpack it and send the files in one")
    text = decode(content)
    return _READERS[formats.of_text(name, text)](name, text)


def _check_found(records: list[Record]) -> None:
    """Raise for a request in which there is nothing but files that cannot be read."""
    if any(record.error is None or record.source.record for record in records):
        return
    messages = [record.error.message for record in records if record.error]
    more = f"; and {len(messages) - _SHOWN} more" if len(messages) > _SHOWN else ""
    found = "; ".join(messages[:_SHOWN]) or f"there is no file in the request; accepted are {formats.ACCEPTED}"
    code = records[0].error.code if records and records[0].error else "files_missing"
    raise IntakeError(code, f"{found}{more}")
