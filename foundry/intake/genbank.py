"""GenBank files. The topology is what the LOCUS line states; where it states none, the item has none."""

from __future__ import annotations

import io
import pathlib
import re
from collections.abc import Iterator
from typing import Any

from foundry.intake import biopython
from foundry.intake.errors import FileError
from foundry.intake.record import Layout, Record, Source, printable, unreadable

_FIRST_LINE = re.compile(r"^LOCUS\b", re.MULTILINE)
_BOUNDARY = re.compile(r"^(?://[^\S\n]*$|LOCUS\b)", re.MULTILINE)
_LOCUS = re.compile(r"LOCUS\s+(?P<name>\S.*?)\s+(?P<length>\d+)\s+(?P<unit>bp|aa|rc)\b(?P<rest>.*)")
_ORIGIN = re.compile(r"^ORIGIN.*\n?", re.MULTILINE)
_CONTIG = re.compile(r"^(?:CONTIG|WGS|TSA|TLS)\b", re.MULTILINE)
#: SnapGene writes this for a LOCUS name when it exports.
_PLACEHOLDER = "Exported"
#: From the warning of Biopython's parser.
_ACROSS_ORIGIN = "spans the origin"
#: A LOCUS line has 80 characters; much more is not looked at, for a pattern takes the square of the length.
_LINE = 1000
_NOT_SEQUENCE = " \t0123456789"


def read(file: str, text: str) -> Iterator[Record]:
    if not _FIRST_LINE.search(text):
        raise FileError("genbank_locus_missing", "there is no LOCUS line, with which each GenBank record begins")
    records = line = at = 0
    for start, end in _chunks(text):
        line, at = line + text.count("\n", at, start), start
        if text.startswith("LOCUS", start):
            records += 1
            yield _record(file, records, text[start:end], line + 1)
        elif records or not _is_release_header(text, start, end):
            message = "this text belongs to no record; a record begins with its LOCUS line and ends with '//'"
            yield unreadable(Source(file, line=line + 1), "genbank_locus_missing", message)


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """From LOCUS to '//' or to the next LOCUS, and what else is not blank."""
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        end = boundary.start() if boundary[0] == "LOCUS" else boundary.end()
        yield from _not_blank(text, start, end)
        start = end
    yield from _not_blank(text, start, len(text))


def _not_blank(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    chunk = text[start:end]
    if chunk.strip() not in ("", "//"):
        yield start + len(chunk) - len(chunk.lstrip()), end


def _is_release_header(text: str, start: int, end: int) -> bool:
    """NCBI's release files, such as gbvrl1.seq, begin with lines about the release."""
    return text.startswith("LOCUS", end) and not _ORIGIN.search(text, start, end)


def _record(file: str, ordinal: int, chunk: str, line: int) -> Record:
    first_line = chunk[:_LINE].partition("\n")[0]
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


def _parsed(source: Source, name: str, locus: re.Match[str], chunk: str) -> Record:
    parsed, warnings = biopython.parse(io.StringIO(chunk), "genbank")
    origin = _ORIGIN.search(chunk)
    sequence = str(parsed.seq) if parsed.seq.defined else ""
    if not sequence or not origin:
        return unreadable(source, "sequence_missing", _no_sequence(chunk), "sequence")
    if len(sequence) != int(locus["length"]):
        message = (
            f"the LOCUS line states {locus['length']} bp and the sequence under ORIGIN has {len(sequence)}; "
            "the file may be cut short: get it again, or correct the LOCUS line"
        )
        return unreadable(source, "genbank_length", message, "sequence")
    values: dict[str, Any] = {"name": name, "sequence": sequence, "annotations": chunk[: origin.start()]}
    stated = {"linear", "circular"} & set(locus["rest"].lower().split())
    if len(stated) == 1:
        values["topology"] = stated.pop()
    if values.get("topology") == "linear" and any(_ACROSS_ORIGIN in warning for warning in warnings):
        warnings = ("the LOCUS line states linear, but a feature runs across the origin; is it circular?", *warnings)
    first = (source.line or 1) + chunk.count("\n", 0, origin.end())
    layout = Layout(chunk, origin.end(), len(chunk), first, _NOT_SEQUENCE)
    return Record(source=source, values=values, warnings=warnings, layout=layout)


def _no_sequence(chunk: str) -> str:
    if _CONTIG.search(chunk):
        return "the record only refers to other records (CONTIG, WGS) and holds no sequence; get 'GenBank (full)'"
    return "the record holds no sequence under ORIGIN; export it again with its sequence"
