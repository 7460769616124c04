"""`annotated.gb`: every molecule as a GenBank record, with the features it came with and those that were found."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from Bio import BiopythonWarning, SeqIO
from Bio.Seq import Seq
from Bio.SeqFeature import CompoundLocation, SeqFeature, SimpleLocation
from Bio.SeqRecord import SeqRecord

from foundry.contract import Entry
from services.compute_dna.enzymes import best_known, enzyme
from services.compute_dna.schema import Item, Options

_FOUND = "found by Foundry compute-dna"
_NAME_LENGTH = 16


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    """A record whose own annotations Biopython cannot read or write gets a fresh header."""
    for entry in entries:
        found = list(found_features(entry.result, options)) if entry.result else []
        try:
            text = _text(record_of(entry.item, entry.position), found)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError):
            text = _text(_fresh_record(entry.item, entry.position), found)
        yield text


def _text(record: SeqRecord, found: list[SeqFeature]) -> str:
    """The record with the features that it does not have already."""
    own = {(feature.type, str(feature.location)) for feature in record.features}
    record.features += [feature for feature in found if (feature.type, str(feature.location)) not in own]
    text = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BiopythonWarning)
        SeqIO.write([record], text, "genbank")
    return text.getvalue()


def record_of(item: Item, position: int) -> SeqRecord:
    """The record an item came as; a fresh one if it came without annotations or with ones that cannot be read."""
    record = _parsed(item.annotations) if item.annotations else None
    if record is None:
        return _fresh_record(item, position)
    record.seq = Seq(item.sequence)
    record.features = [feature for feature in record.features if _fits(feature, len(item.sequence))]
    record.annotations["molecule_type"] = record.annotations.get("molecule_type", "DNA")
    record.annotations["topology"] = item.topology
    return record


def _parsed(annotations: str) -> SeqRecord | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BiopythonWarning)
        try:
            return next(SeqIO.parse(io.StringIO(annotations.rstrip() + "\nORIGIN\n//\n"), "genbank"), None)
        except Exception:  # Biopython's parser raises whatever it trips over
            return None


def _fits(feature: SeqFeature, length: int) -> bool:
    return feature.location is not None and feature.location.end <= length


def _fresh_record(item: Item, position: int) -> SeqRecord:
    number = f"item_{position + 1}"
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", item.name)[:_NAME_LENGTH].strip("_") or number
    annotations = {"molecule_type": "DNA", "topology": item.topology}
    return SeqRecord(Seq(item.sequence), id=name, name=name, description=item.name or number, annotations=annotations)


def found_features(result: Mapping[str, Any], options: Options) -> Iterator[SeqFeature]:
    """What the result lists, as features with GenBank's keys."""
    length = result["length"]
    for orf in result["orfs"]["listed"]:
        note = f"open reading frame of {orf['length']} codons, {_FOUND}"
        qualifiers = {"codon_start": 1, "transl_table": options.genetic_code, "translation": orf["protein"]}
        yield _feature("CDS", location(orf["start"], orf["end"], orf["strand"], length), note, **qualifiers)
    for cut, names in unique_cutters(result).items():
        note = f"{', '.join(names)}: only site, cuts before this base, {_FOUND}"
        yield _feature("misc_feature", SimpleLocation(cut - 1, cut), note, label=names[0])
    for site in result["restriction"]["type_iis"]["listed"]:
        note = f"{site['enzyme']} (Type IIS), overhang {site['overhang'] or 'off the end'}, {_FOUND}"
        where = stretch(site["start"], len(enzyme(site["enzyme"]).site), length, site["strand"])
        yield _feature("misc_feature", where, note, label=site["enzyme"])
    yield from _repeat_features(result, length)


def _repeat_features(result: Mapping[str, Any], length: int) -> Iterator[SeqFeature]:
    for row in result["tandem_repeats"]["listed"]:
        where = stretch(row["start"], row["length"], length)
        yield _feature("repeat_region", where, _FOUND, rpt_type="tandem", rpt_unit_seq=row["unit"].lower())
    for row in result["repeats"]["listed"]:
        kind = "inverted" if row["inverted"] else "direct"
        for start, other in ((row["start"], row["other"]), (row["other"], row["start"])):
            note = f"equal to {row['length']} bases from {other}, {_FOUND}"
            yield _feature("repeat_region", stretch(start, row["length"], length), note, rpt_type=kind)
    for row in result["hairpins"]["listed"]:
        note = f"stem of {row['stem']} pairs, loop of {row['loop']} bases, {_FOUND}"
        yield _feature("stem_loop", stretch(row["start"], 2 * row["stem"] + row["loop"], length), note)


def unique_cutters(result: Mapping[str, Any]) -> dict[int, list[str]]:
    """The enzymes with one site by where they cut, the best known first; those whose cut falls off an end left out."""
    cutters: dict[int, list[str]] = {}
    for name, cut in result["restriction"]["unique"].items():
        if cut is not None:
            cutters.setdefault(cut, []).append(name)
    return {cut: best_known(names) for cut, names in sorted(cutters.items())}


def _feature(kind: str, where: SimpleLocation | CompoundLocation, note: str, **qualifiers: Any) -> SeqFeature:
    return SeqFeature(where, type=kind, qualifiers={**qualifiers, "note": note})


def stretch(start: int, bases: int, length: int, strand: int = 1) -> SimpleLocation | CompoundLocation:
    """`bases` bases from 1-based `start` on, across the origin if need be."""
    return location(start, (start - 1 + bases - 1) % length + 1, strand, length)


def location(start: int, end: int, strand: int, length: int) -> SimpleLocation | CompoundLocation:
    """1-based `start` to `end`; two parts in reading order if that crosses the origin."""
    if start <= end:
        return SimpleLocation(start - 1, end, strand)
    parts = [SimpleLocation(start - 1, length, strand), SimpleLocation(0, end, strand)]
    return CompoundLocation(parts if strand > 0 else parts[::-1])
