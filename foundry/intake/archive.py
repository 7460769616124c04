"""Zip archives and gzipped files, unpacked in memory within a bound, whatever sizes they state."""

from __future__ import annotations

import gzip
import io
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterator

from foundry.intake.errors import FileError, IntakeError, IntakeTooLargeError
from foundry.intake.record import Upload, printable

_ENCRYPTED = 0x1
_READ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: RuntimeError: encrypted, or a method that Python does not know. UnicodeDecodeError, a ValueError: a file's name.
_ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError)


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


def gunzip(name: str, content: bytes, budget: Budget) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = stream.read(budget.left + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileError("gzip_corrupt", f"cannot unpack this gzip file: {error}; compress and send it again") from error
    budget.take(len(unpacked), name)
    return unpacked


def unzip(upload: Upload, budget: Budget, max_members: int) -> Iterator[tuple[str, bytes | FileError]]:
    """The files in a zip in the order of their names, without folders and hidden files."""
    with _opened(upload) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
        if len(members) > max_members:
            raise IntakeTooLargeError(
                "items_limit",
                f"{upload.name}: {len(members):,} files are over the limit of {max_members:,} items; split the zip",
                limit=max_members,
            )
        for info in sorted(members, key=lambda info: info.filename):
            name = f"{upload.name}/{printable(info.filename)}"
            if info.flag_bits & _ENCRYPTED:
                raise IntakeError("zip_encrypted", f"{name} is encrypted; make the zip without a password")
            yield name, _content(archive, info, name, budget)


def _opened(upload: Upload) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(upload.content))
    except _ZIP_FAULTS as error:
        raise IntakeError(
            "zip_unreadable", f"{upload.name}: cannot read this zip: {error}; it may be cut short, make it again"
        ) from error


def _is_hidden(path: str) -> bool:
    """Such as .DS_Store and the __MACOSX folder."""
    parts = pathlib.PurePosixPath(path).parts
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: Budget) -> bytes | FileError:
    if info.compress_type not in _READ_METHODS:
        return FileError("zip_method", "it is packed by a method other than 'deflate'; make the zip with that one")
    try:
        with archive.open(info) as stream:
            unpacked = stream.read(budget.left + 1)
    except _ZIP_FAULTS as error:
        return FileError("zip_member_corrupt", f"cannot unpack this file of the zip: {error}; make the zip again")
    budget.take(len(unpacked), name)
    return unpacked
