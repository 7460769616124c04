"""FASTA files. FASTA states no topology, save by NCBI's `[topology=circular]` in the header.

What reads like a topology and is not written so, as "circular" in "circular RNA of mouse", is not taken for one; that
it is there is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from foundry.intake.errors import FileError
from foundry.intake.record import Layout, Record, Source, printable, unreadable
from foundry.intake.text import Text, decode

#: A modifier of a definition line as NCBI's table2asn reads it.
_TOPOLOGY = re.compile(r"\[\s*topology\s*=([^\[\]]*)\]", re.IGNORECASE)
#: What people write in its place; not as the first word alone, which is the name.
_ALIKE = re.compile(r"(?:(?<=[^\w-])|\btopology\s*[=:]\s*)(?:circular|linear)(?![\w-])", re.IGNORECASE)
_BEFORE_HEADER = re.compile(rb"\n(?=>)")
#: A line with text that is no comment.
_JUNK = re.compile(rb"^(?![;#])[^\S\n]*\S", re.MULTILINE)
#: Headers are not looked at beyond this.
_HEADER = 100_000
#: Blanks, among them the no-break space that comes with text from web pages.
_BLANK = " \t\v\f\xa0"
_ASCII_BLANK = b" \t\v\f\n"


def read(file: str, text: Text) -> Iterator[Record]:
    ordinal = 0
    for line, chunk in text.chunks(_BEFORE_HEADER):
        if chunk.startswith(b">"):
            ordinal += 1
            yield _record(Source(file, str(ordinal), line), chunk)
        elif junk := _JUNK.search(chunk):
            message = "there is text before the first header; if it is a sequence, put a line such as '>name' before it"
            source = Source(file, line=line + chunk.count(b"\n", 0, junk.start()))
            yield unreadable(source, "fasta_text_before_header", message)
    if not ordinal:
        raise FileError("fasta_header_missing", "there is no header; begin each record with a line such as '>name'")


def _record(source: Source, chunk: bytes) -> Record:
    body = (chunk.find(b"\n") + 1) or len(chunk)
    title = decode(chunk[1 : min(body, _HEADER)]).strip()
    name, stated = _name_and_topology(title)
    source = Source(source.file, name or source.record, source.line)
    if len(stated) > 1:
        conflict = printable(", ".join(sorted(stated)))
        message = f"the header states more than one topology ({conflict}); keep one"
        return unreadable(source, "topology_conflict", message, "topology")
    sequence = _sequence(chunk, body)
    if not sequence:
        message = "there is no sequence under this header; add one or take the header out"
        return unreadable(source, "sequence_empty", message, "sequence")
    values: dict[str, Any] = {"name": name, "sequence": sequence}
    if stated:
        [values["topology"]] = stated
    warnings = tuple(_warnings(name, title, is_stated=bool(stated)))
    layout = Layout(chunk, body, (source.line or 1) + 1, _BLANK)
    return Record(source=source, values=values, warnings=warnings, layout=layout)


def _warnings(name: str, title: str, *, is_stated: bool) -> Iterator[str]:
    if not name:
        yield "the header has no name"
    if not is_stated and (alike := _ALIKE.search(title)):
        topology = "circular" if "circular" in alike[0].lower() else "linear"
        yield (
            f"the topology is not read from {printable(alike[0])!r} in the header; write it as [topology={topology}]"
        )


def _sequence(chunk: bytes, body: int) -> str:
    sequence = decode(chunk[body:].translate(None, _ASCII_BLANK))
    return sequence if sequence.isascii() else sequence.replace("\xa0", "")


def _name_and_topology(title: str) -> tuple[str, set[str]]:
    stated: set[str] = set()
    if "[" in title:
        stated = {value.strip().lower() for value in _TOPOLOGY.findall(title)}
        title = _TOPOLOGY.sub(" ", title)
    words = title.split(maxsplit=1)
    return words[0] if words else "", stated
