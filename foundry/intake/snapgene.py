"""SnapGene .dna files. They hold one record, its topology among it, and its name is the file's."""

from __future__ import annotations

import io
import pathlib
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foundry.intake import biopython
from foundry.intake.errors import FileError
from foundry.intake.record import Record, Source

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

_DNA = 1
_PACKETS = 10_000
#: Packets of XML: primers, notes, features.
_XML = (5, 6, 10)
#: What the parser makes of XML takes about 1 kB for each "<" and "=", and a genome's SnapGene file has too many.
_MARKS = 200_000
#: Biopython takes the square of a value's length to break its lines.
_VALUE = 200_000


def is_snapgene(content: bytes) -> bool:
    return content.startswith(b"\t") and content[5:13] == b"SnapGene"


def read(file: str, content: bytes) -> Iterator[Record]:
    if int.from_bytes(content[13:15]) != _DNA:
        raise FileError("snapgene_not_dna", "this SnapGene file is a protein or RNA; save the DNA and send that")
    if b"<!ENTITY" in content:
        raise FileError("snapgene_file", "this is not as SnapGene writes its files; export it as GenBank")
    _check_size(content)
    try:
        parsed, messages = biopython.parse(io.BytesIO(content), "snapgene")
    except biopython.ParserError as error:
        raise FileError("snapgene_file", f"Biopython cannot read it: {error}; export it as GenBank") from error
    name = pathlib.PurePosixPath(file).stem
    values: dict[str, Any] = {"name": name, "sequence": str(parsed.seq), "topology": parsed.annotations["topology"]}
    annotations = _annotations(parsed, name)
    if annotations:
        values["annotations"] = annotations
    else:
        messages = (*messages, "the annotations cannot be written as GenBank and are left out")
    yield Record(source=Source(file, name), values=values, warnings=messages)


def _check_size(content: bytes) -> None:
    marks = 0
    for count, (kind, start, end) in enumerate(_packets(content), 1):
        if kind in _XML:
            marks += content.count(b"<", start, end) + content.count(b"=", start, end)
        if count > _PACKETS or marks > _MARKS:
            raise FileError("snapgene_file", "it has too many features for a SnapGene file; export it as GenBank")
        if kind in _XML and any(len(part) > _VALUE for part in content[start:end].split(b"<")):
            message = f"it has a feature or a note of over {_VALUE:,} characters; shorten it, or export it as GenBank"
            raise FileError("snapgene_file", message)


def _packets(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Each packet's kind, and where its content starts and ends."""
    at = 0
    while at + 5 <= len(content):
        kind, length = struct.unpack_from(">BI", content, at)
        yield kind, at + 5, at + 5 + length
        at += 5 + length


def _annotations(parsed: SeqRecord, name: str) -> str | None:
    """What GenBank output of this record has before ORIGIN, as Biopython writes it."""
    from Bio.Seq import Seq

    parsed.name = "_".join(name.split())
    parsed.id = "."
    parsed.seq = Seq(None, length=len(parsed.seq))
    with biopython.caught_warnings():
        try:
            return str(parsed.format("genbank")).partition("ORIGIN\n")[0]
        except (ValueError, TypeError, AttributeError):
            return None
