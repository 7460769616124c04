"""Zip archives that are written while they are sent: no more of one is in memory than the piece at hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime

_PIECE_BYTES = 64 * 1024


class _Outlet(io.RawIOBase):
    """Keeps what is written until it is taken. It cannot go back, so sizes stand behind each file and not before."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.kept += piece
        return len(piece)

    def taken(self, least: int = 1) -> Iterator[bytes]:
        """What has been kept, if it is as much as that."""
        if len(self.kept) >= least:
            yield bytes(self.kept)
            self.kept.clear()


def archive(files: Iterable[tuple[str, Iterable[bytes]]], *, made_at: datetime, large: bool = True) -> Iterator[bytes]:
    """A zip of files, given as their names and pieces; `large`: one of them may be over 2 GB."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as made:
        for name, pieces in files:
            entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with made.open(entry, "w", force_zip64=large) as file:
                for piece in pieces:
                    file.write(piece)
                    yield from outlet.taken(_PIECE_BYTES)
    yield from outlet.taken()
