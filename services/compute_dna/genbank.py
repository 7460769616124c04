"""`annotated.gb`: every molecule as a GenBank record, with the features it came with and those that were found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from foundry.contract import Entry
from foundry.contract.genbank import Feature, location, record
from services.compute_dna.enzymes import best_known, enzyme
from services.compute_dna.schema import Options

_FOUND = "found by Foundry compute-dna"


def render(entries: Iterable[Entry], options: Options) -> Iterator[str]:
    for entry in entries:
        found = found_features(entry.result, options) if entry.result else ()
        yield record(entry.item, found, entry.position)


def found_features(result: Mapping[str, Any], options: Options) -> Iterator[Feature]:
    """What the result lists, as features with GenBank's keys."""
    length = result["length"]
    for orf in result["orfs"]["listed"]:
        note = f"open reading frame of {orf['length']} codons, {_FOUND}"
        qualifiers = {"codon_start": 1, "transl_table": options.genetic_code, "translation": orf["protein"]}
        yield _feature("CDS", location(orf["start"], orf["end"], length, orf["strand"]), note, **qualifiers)
    for cut, names in unique_cutters(result).items():
        note = f"{', '.join(names)}: only site, cuts before this base, {_FOUND}"
        yield _feature("misc_feature", location(cut, cut, length), note, label=names[0])
    for site in result["restriction"]["type_iis"]["listed"]:
        note = f"{site['enzyme']} (Type IIS), overhang {site['overhang'] or 'off the end'}, {_FOUND}"
        place = _stretch(site["start"], len(enzyme(site["enzyme"]).site), length, site["strand"])
        yield _feature("misc_feature", place, note, label=site["enzyme"])
    yield from _repeat_features(result, length)


def _repeat_features(result: Mapping[str, Any], length: int) -> Iterator[Feature]:
    for row in result["tandem_repeats"]["listed"]:
        place = _stretch(row["start"], row["length"], length)
        yield _feature("repeat_region", place, _FOUND, rpt_type="tandem", rpt_unit_seq=row["unit"].lower())
    for row in result["repeats"]["listed"]:
        kind = "inverted" if row["inverted"] else "direct"
        for start, other in ((row["start"], row["other"]), (row["other"], row["start"])):
            note = f"equal to {row['length']} bases from {other}, {_FOUND}"
            yield _feature("repeat_region", _stretch(start, row["length"], length), note, rpt_type=kind)
    for row in result["hairpins"]["listed"]:
        note = f"stem of {row['stem']} pairs, loop of {row['loop']} bases, {_FOUND}"
        yield _feature("stem_loop", _stretch(row["start"], 2 * row["stem"] + row["loop"], length), note)


def unique_cutters(result: Mapping[str, Any]) -> dict[int, list[str]]:
    """The enzymes with one site by where they cut, the best known first; those whose cut falls off an end left out."""
    cutters: dict[int, list[str]] = {}
    for name, cut in result["restriction"]["unique"].items():
        if cut is not None:
            cutters.setdefault(cut, []).append(name)
    return {cut: best_known(names) for cut, names in sorted(cutters.items())}


def _stretch(start: int, bases: int, length: int, strand: int = 1) -> str:
    """`bases` bases from 1-based `start` on, across the origin if need be."""
    return location(start, (start - 1 + bases - 1) % length + 1, length, strand)


def _feature(kind: str, place: str, note: str, **qualifiers: str | int) -> Feature:
    return Feature(kind, place, {**qualifiers, "note": note})
