"""GenBank files. The topology is what the LOCUS line states; where it states none, the item has none."""

from __future__ import annotations

import io
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from foundry.intake import biopython, genbank_parts
from foundry.intake.errors import FileError
from foundry.intake.record import Layout, Record, Source, printable, unreadable
from foundry.intake.text import Text, decode

_BOUNDARY = re.compile(rb"\n(?:(?=LOCUS\b)|//[^\S\n]*(?=\n|\Z))")
_LOCUS = re.compile(r"LOCUS\s+(?P<name>\S.*?)\s+(?P<length>\d+)\s+(?P<unit>bp|aa|rc)\b(?P<rest>.*)")
_CONTIG = re.compile(rb"^(?:CONTIG|WGS|TSA|TLS)\b", re.MULTILINE)
#: SnapGene writes this for a LOCUS name when it exports.
_PLACEHOLDER = "Exported"
#: From the warning of Biopython's parser.
_ACROSS_ORIGIN = "spans the origin"
#: A LOCUS line has 80 characters; much more is not looked at, for a pattern takes the square of the length.
_LINE = 1000
_NOT_SEQUENCE = " \t0123456789"


def read(file: str, text: Text) -> Iterator[Record]:
    records = 0
    for first, chunk in text.chunks(_BOUNDARY):
        start = len(chunk) - len(chunk.lstrip())
        line = first + chunk.count(b"\n", 0, start)
        if chunk.startswith(b"LOCUS", start):
            records += 1
            yield _record(file, records, chunk[start:], line)
        elif _is_junk(chunk) and (records or not _is_release_header(chunk)):
            message = "this text belongs to no record; a record begins with its LOCUS line and ends with '//'"
            yield unreadable(Source(file, line=line), "genbank_locus_missing", message)
    if not records:
        raise FileError("genbank_locus_missing", "there is no LOCUS line, with which each GenBank record begins")


def _is_junk(chunk: bytes) -> bool:
    return chunk.strip() not in (b"", b"//")


def _is_release_header(chunk: bytes) -> bool:
    """NCBI's release files, such as gbvrl1.seq, begin with lines about the release."""
    return not chunk.endswith(b"//") and not genbank_parts.ORIGIN.search(chunk)


def _record(file: str, ordinal: int, chunk: bytes, line: int) -> Record:
    first_line = decode(chunk[:_LINE].partition(b"\n")[0])
    locus = _LOCUS.match(first_line)
    name = _name(file, locus["name"]) if locus else ""
    source = Source(file, name or str(ordinal), line)
    if not locus:
        message = (
            f"cannot read the LOCUS line {printable(first_line)!r}; it needs a name, a length and a unit, such as "
            "'LOCUS       pUC19       2686 bp    DNA     circular SYN 17-MAY-2019'"
        )
        return unreadable(source, "genbank_locus", message)
    if len(locus["name"].split()) > 1:
        message = f"the name {printable(locus['name'])!r} in the LOCUS line holds a blank; write it with '_' instead"
        return unreadable(source, "genbank_locus", message, "name")
    if locus["unit"] == "aa":
        message = "this is a protein record; this platform takes DNA: use the nucleotide record that codes for it"
        return unreadable(source, "genbank_protein", message, "sequence")
    try:
        return _parsed(source, name, locus, chunk)
    except biopython.ParserError as error:
        message = f"Biopython cannot read this record: {error}; correct it, or send the sequence as FASTA"
        return unreadable(source, "genbank_record", message)


def _name(file: str, locus_name: str) -> str:
    return pathlib.PurePosixPath(file).stem if locus_name == _PLACEHOLDER else locus_name


def _parsed(source: Source, name: str, locus: re.Match[str], chunk: bytes) -> Record:
    origin = genbank_parts.ORIGIN.search(chunk)
    sequence, warnings = _sequence(genbank_parts.split(chunk))
    if not sequence or not origin:
        return unreadable(source, "sequence_missing", _no_sequence(chunk), "sequence")
    if len(sequence) != int(locus["length"]):
        message = (
            f"the LOCUS line states {locus['length']} bp and the sequence under ORIGIN has {len(sequence)}; "
            "the file may be cut short: get it again, or correct the LOCUS line"
        )
        return unreadable(source, "genbank_length", message, "sequence")
    values: dict[str, Any] = {"name": name, "sequence": sequence, "annotations": decode(chunk[: origin.start()])}
    stated = {"linear", "circular"} & set(locus["rest"].lower().split())
    if len(stated) == 1:
        values["topology"] = stated.pop()
    if values.get("topology") == "linear" and any(_ACROSS_ORIGIN in warning for warning in warnings):
        warnings = ("the LOCUS line states linear, but a feature runs across the origin; is it circular?", *warnings)
    first = (source.line or 1) + chunk.count(b"\n", 0, origin.end())
    layout = Layout(chunk, origin.end(), first, _NOT_SEQUENCE)
    return Record(source=source, values=values, warnings=warnings, layout=layout)


def _sequence(parts: Iterable[bytes]) -> tuple[str, tuple[str, ...]]:
    """The sequence of a record and the first few of the parser's warnings."""
    sequence: list[str] = []
    warnings: dict[str, None] = {}
    for part in parts:
        parsed, messages = biopython.parse(io.StringIO(decode(part)), "genbank")
        sequence.append(str(parsed.seq) if parsed.seq.defined else "")
        warnings.update(dict.fromkeys(messages))
    return "".join(sequence), tuple(warnings)[: biopython.WARNINGS]


def _no_sequence(chunk: bytes) -> str:
    if _CONTIG.search(chunk):
        return "the record only refers to other records (CONTIG, WGS) and holds no sequence; get 'GenBank (full)'"
    return "the record holds no sequence under ORIGIN; export it again with its sequence"
