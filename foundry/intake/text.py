"""Bytes to text."""

from __future__ import annotations

import codecs

from foundry.intake.errors import FileError


def decode(content: bytes) -> str:
    """The text with "\\n" at the end of each line. What is not UTF-8 is Windows-1252, of which Latin-1 is a part."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError(
            "encoding", "this is UTF-16 text (Excel calls it 'Unicode Text'); save it as UTF-8, such as 'CSV UTF-8'"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
