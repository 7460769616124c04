"""Which format a file is in: its content decides, and its extension only where the content does not tell."""

from __future__ import annotations

import codecs
import pathlib
import re
from enum import Enum

from foundry.intake import table
from foundry.intake.errors import FileError, refuse
from foundry.intake.text import decode


class Format(Enum):
    FASTA = "FASTA"
    GENBANK = "GenBank"
    TABLE = "CSV"


_EXTENSIONS = dict.fromkeys((".fa", ".fasta", ".fas", ".fna", ".ffn", ".fsa", ".frn", ".seq"), Format.FASTA)
_EXTENSIONS |= dict.fromkeys((".gb", ".gbk", ".gbff", ".genbank", ".ape"), Format.GENBANK)
_EXTENSIONS |= dict.fromkeys((".csv", ".tsv", ".tab"), Format.TABLE)

_BINARY = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"ABIF", "a Sanger trace (.ab1)"),
    (b".scf", "a Sanger trace (.scf)"),
    (b"\xd0\xcf\x11\xe0", "an old Microsoft Office file (.doc, .xls)"),
    (b"{\\rtf", "a Rich Text document"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
)
_OFFICE = (
    (b"word/", "a Word document (.docx)"),
    (b"xl/", "an Excel workbook (.xlsx); save the sheet as CSV"),
    (b"ppt/", "a PowerPoint presentation (.pptx)"),
)
#: The zip of an Office file begins with one of these, and has the first somewhere, which may be at its end.
_CONTENT_TYPES = b"[Content_Types].xml"
_OFFICE_BEGINS = (_CONTENT_TYPES, b"_rels/", b"docProps/", b"customXml/", *(folder for folder, _ in _OFFICE))
_OFFICE_EXTENSIONS = (".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".pptx", ".pptm")
_TEXT = (
    ("@", "FASTQ or SAM"),
    ("ID   ", "an EMBL or UniProt record"),
    ("HEADER    ", "a PDB structure"),
    ("CLUSTAL", "a Clustal alignment"),
    ("#NEXUS", "a NEXUS alignment"),
    ("##gff", "GFF, which holds annotations"),
    ("##fileformat=VCF", "VCF, which holds variants"),
    ("{", "JSON; send it as the body of the request instead"),
    ("<!DOCTYPE html", "a web page"),
    ("<html", "a web page"),
    ("<", "XML"),
)
_LOCUS = re.compile(r"^LOCUS(?: {3,}\S.* (?:bp|aa|rc)\b|\s*$)", re.MULTILINE)
_HEADER = re.compile("^>", re.MULTILINE)
_BARE_SEQUENCE = re.compile(r"[A-Za-z*\-\s\d]+")
_LOOKED_AT = 100_000


def foreign(name: str, content: bytes) -> str | None:
    """What a file that is not text looks like; `content` is the whole or the beginning."""
    for magic, what in _BINARY:
        if content.startswith(magic):
            return what
    if content[257:262] == b"ustar":
        return "a tar archive"
    if content.startswith(b"PK\x03\x04"):
        return _office(name, content)
    return None


def _office(name: str, content: bytes) -> str | None:
    """What else is in a zip does not count: an archive may hold an Office file as it is."""
    first = content[30 : 30 + int.from_bytes(content[26:28], "little")]
    if first == b"mimetype" and b"application/vnd.oasis" in content[:100]:
        return "a LibreOffice document"
    is_said = _CONTENT_TYPES in content or name.lower().endswith(_OFFICE_EXTENSIONS)
    if not first.startswith(_OFFICE_BEGINS) or not is_said:
        return None
    return next((what for folder, what in _OFFICE if folder in content), "an Office document")


def check_encoding(head: bytes) -> None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError(
            "encoding", "this is UTF-16 text (Excel calls it 'Unicode Text'); save it as UTF-8, such as 'CSV UTF-8'"
        )


def of_text(name: str, head: bytes) -> Format:
    """Raise `FileError` for text in no accepted format."""
    beginning = decode(head[:_LOOKED_AT]).lstrip()
    if not beginning:
        raise FileError("file_empty", "the file is empty; leave it out or put records into it")
    first_line = beginning.partition("\n")[0]
    if first_line.startswith(">"):
        return Format.FASTA
    if first_line.startswith("LOCUS") or _LOCUS.search(beginning):
        return Format.GENBANK
    for prefix, looks_like in _TEXT:
        if first_line.lower().startswith(prefix.lower()):
            raise refuse(looks_like)
    if table.is_header(first_line):
        return Format.TABLE
    return _of_name(name) or _of_hints(beginning, first_line)


def _of_name(name: str) -> Format | None:
    path = pathlib.PurePosixPath(name.lower())
    return _EXTENSIONS.get(pathlib.PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix)


def _of_hints(beginning: str, first_line: str) -> Format:
    if _HEADER.search(beginning):
        return Format.FASTA
    if any(delimiter in first_line for delimiter in table.DELIMITERS):
        return Format.TABLE
    if _BARE_SEQUENCE.fullmatch(beginning) and " " not in first_line.strip():
        raise refuse("a sequence without a name; for FASTA put a line such as '>name' before it")
    raise refuse("text of no known format")
