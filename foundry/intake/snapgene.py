"""SnapGene .dna files. They hold one record, its topology among it, and its name is the file's."""

from __future__ import annotations

import io
import pathlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foundry.intake import biopython
from foundry.intake.errors import FileError
from foundry.intake.record import Record, Source

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

_DNA = 1


def is_snapgene(content: bytes) -> bool:
    return content.startswith(b"\t") and content[5:13] == b"SnapGene"


def read(file: str, content: bytes) -> Iterator[Record]:
    if int.from_bytes(content[13:15]) != _DNA:
        raise FileError("snapgene_not_dna", "this SnapGene file is a protein or RNA; save the DNA and send that")
    if b"<!ENTITY" in content:
        raise FileError("snapgene_file", "this is not as SnapGene writes its files; export it as GenBank")
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


def _annotations(parsed: SeqRecord, name: str) -> str | None:
    """What GenBank output of this record has before ORIGIN, as Biopython writes it."""
    parsed.name = "_".join(name.split())
    parsed.id = "."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return str(parsed.format("genbank")).partition("ORIGIN\n")[0]
        except (ValueError, TypeError, AttributeError):
            return None
