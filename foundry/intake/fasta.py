"""FASTA files. FASTA states no topology, save by NCBI's `[topology=circular]` in the header."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from foundry.intake.errors import FileError
from foundry.intake.record import Layout, Record, Source, unreadable

#: A modifier of a definition line as NCBI's table2asn reads it.
_TOPOLOGY = re.compile(r"\[\s*topology\s*=([^\[\]]*)\]", re.IGNORECASE)
_COMMENTS = (";", "#")


def read(file: str, text: str) -> Iterator[Record]:
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    starts = _starts(text)
    if not starts:
        raise FileError("fasta_header_missing", "there is no header; begin each record with a line such as '>name'")
    yield from _preamble(file, text[: starts[0]])
    line, ends = 1 + text.count("\n", 0, starts[0]), [*starts[1:], len(text)]
    parsed = SimpleFastaParser(io.StringIO(text))
    for ordinal, (start, end, (title, sequence)) in enumerate(zip(starts, ends, parsed, strict=True), 1):
        body = start + len(text[start:end].partition("\n")[0]) + 1
        yield _record(Source(file, str(ordinal), line), title, sequence, Layout(text, body, end, line + 1))
        line += text.count("\n", start, end)


def _starts(text: str) -> list[int]:
    starts = [0] if text.startswith(">") else []
    at = text.find("\n>")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n>", at + 1)
    return starts


def _preamble(file: str, text: str) -> Iterator[Record]:
    """The error for text before the first header; comments may stand there."""
    for line, row in enumerate(text.split("\n"), 1):
        if row.strip() and not row.startswith(_COMMENTS):
            message = "there is text before the first header; if it is a sequence, put a line such as '>name' before it"
            yield unreadable(Source(file, line=line), "fasta_text_before_header", message)
            return


def _record(source: Source, title: str, sequence: str, layout: Layout) -> Record:
    name, stated = _name_and_topology(title)
    source = Source(source.file, name or source.record, source.line)
    if len(stated) > 1:
        message = f"the header states more than one topology ({', '.join(sorted(stated))}); keep one"
        return unreadable(source, "topology_conflict", message, "topology")
    if not sequence:
        message = "there is no sequence under this header; add one or take the header out"
        return unreadable(source, "sequence_empty", message, "sequence")
    values: dict[str, Any] = {"name": name, "sequence": sequence}
    if stated:
        values["topology"] = stated.pop()
    warnings = () if name else ("the header has no name",)
    return Record(source=source, values=values, warnings=warnings, layout=layout)


def _name_and_topology(title: str) -> tuple[str, set[str]]:
    stated: set[str] = set()
    if "[" in title:
        stated = {value.strip().lower() for value in _TOPOLOGY.findall(title)}
        title = _TOPOLOGY.sub(" ", title)
    words = title.split(maxsplit=1)
    return words[0] if words else "", stated
