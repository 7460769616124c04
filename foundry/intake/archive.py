"""Zip archives and gzipped files, unpacked in memory within a bound, whatever sizes they state."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from foundry.intake.errors import FileError, IntakeError, IntakeTooLargeError
from foundry.intake.record import Upload, printable
from foundry.intake.text import BLOCK, Readable

_ENCRYPTED = 0x1
#: Such as .DS_Store and the __MACOSX folder.
_HIDDEN = re.compile(r"(?:^|/)(?:__MACOSX(?:/|$)|\.(?!\.?(?:/|$)))")
#: Entries of a zip that are no files, beside those that a Mac puts in.
_FOLDERS = 1000
#: Packed bytes to read at a time; what follows a member is copied for each of the next.
_PACKED = 1 << 14
#: For `zlib`: with the header and the check of gzip.
_GZIP = zlib.MAX_WBITS + 16
_READ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: RuntimeError: encrypted, or a method that Python does not know. UnicodeDecodeError, a ValueError: a file's name.
_FAULTS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError)


class Budget:
    """How many bytes the files of a request may still come to."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit

    def take(self, size: int, name: str) -> None:
        self.left -= size
        if self.left < 0:
            raise IntakeTooLargeError(
                "bytes_limit",
                f"{name}: with this file the request is over the limit of {self.limit:,} bytes, unpacked; split it",
                limit=self.limit,
            )


def is_zip(content: bytes) -> bool:
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def is_gzip(content: bytes) -> bool:
    return content.startswith(b"\x1f\x8b")


class Stream:
    """A file of the request as it is unpacked, within the budget; what was peeked at is read again."""

    def __init__(self, name: str, raw: Readable, budget: Budget, code: str = "", fault: str = "") -> None:
        self.name = name
        self._raw = raw
        self._budget = budget
        self._code = code
        self._fault = fault
        self._peeked = b""

    def peek(self) -> bytes:
        """The first `BLOCK` bytes, or as many as there are."""
        if not self._peeked:
            while len(self._peeked) < BLOCK and (part := self._unpack(BLOCK)):
                self._peeked += part
        return self._peeked

    def read(self, size: int = BLOCK, /) -> bytes:
        if self._peeked:
            part, self._peeked = self._peeked[:size], self._peeked[size:]
            return part
        return self._unpack(size)

    def _unpack(self, size: int) -> bytes:
        try:
            part = self._raw.read(size)
        except _FAULTS as error:
            raise FileError(self._code, self._fault.format(error)) from error
        self._budget.take(len(part), self.name)
        return part


def plain(upload: Upload, budget: Budget) -> Stream:
    """A file that is in no zip; of a gzip file only what it unpacks to counts."""
    if is_gzip(upload.content):
        budget = Budget(len(upload.content))
    return Stream(upload.name, io.BytesIO(upload.content), budget)


class _Gunzip:
    """Gzip members one after the other, with zeros between them. `gzip.GzipFile` takes zeros byte by byte."""

    def __init__(self, packed: Stream) -> None:
        self._stream = packed
        self._packed = b""
        self._member = zlib.decompressobj(wbits=_GZIP)

    def read(self, size: int, /) -> bytes:
        while not self._member.eof or self._next_member():
            self._packed = self._packed or self._stream.read(_PACKED)
            if not self._packed:
                raise EOFError("it is cut short")
            unpacked = self._member.decompress(self._packed, size)
            self._packed = self._member.unused_data or self._member.unconsumed_tail
            if unpacked:
                return unpacked
        return b""

    def _next_member(self) -> bool:
        self._packed = self._packed.lstrip(b"\0")
        while not self._packed and (packed := self._stream.read(_PACKED)):
            self._packed = packed.lstrip(b"\0")
        self._member = zlib.decompressobj(wbits=_GZIP) if self._packed else self._member
        return bool(self._packed)


def gunzip(stream: Stream, budget: Budget) -> Stream:
    fault = "cannot unpack this gzip file: {}; compress and send it again"
    return Stream(stream.name, _Gunzip(stream), budget, "gzip_corrupt", fault)


def unzip(upload: Upload, budget: Budget, max_members: int) -> Iterator[tuple[str, Stream | FileError]]:
    """The files in a zip in the order of their names, without folders and hidden files."""
    _check_entries(upload, max_members)
    with _opened(upload) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and not _HIDDEN.search(info.filename)]
        if len(members) > max_members:
            raise _too_many(upload, len(members), max_members)
        for info in sorted(members, key=lambda info: info.filename):
            name = f"{upload.name}/{printable(info.filename)}"
            if info.flag_bits & _ENCRYPTED:
                raise IntakeError("zip_encrypted", f"{name} is encrypted; make the zip without a password")
            yield name, _stream(archive, info, name, budget)


def _check_entries(upload: Upload, max_members: int) -> None:
    """`zipfile` lists all entries when it opens a zip. A Mac puts in two for a file."""
    entries = upload.content.count(b"PK\x01\x02")
    if entries > 2 * max_members + _FOLDERS:
        raise _too_many(upload, entries, max_members)


def _too_many(upload: Upload, found: int, max_members: int) -> IntakeTooLargeError:
    return IntakeTooLargeError(
        "items_limit",
        f"{upload.name}: {found:,} files are over the limit of {max_members:,} items; split the zip",
        limit=max_members,
    )


def _opened(upload: Upload) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(upload.content))
    except _FAULTS as error:
        raise IntakeError(
            "zip_unreadable", f"{upload.name}: cannot read this zip: {error}; it may be cut short, make it again"
        ) from error


def _stream(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: Budget) -> Stream | FileError:
    if info.compress_type not in _READ_METHODS:
        return FileError("zip_method", "it is packed by a method other than 'deflate'; make the zip with that one")
    fault = "cannot unpack this file of the zip: {}; make the zip again"
    try:
        return Stream(name, archive.open(info), budget, "zip_member_corrupt", fault)
    except _FAULTS as error:
        return FileError("zip_member_corrupt", fault.format(error))
