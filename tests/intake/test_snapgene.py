from __future__ import annotations

import struct

import pytest

from foundry.intake import IntakeError


def packet(kind: int, content: bytes) -> bytes:
    return struct.pack(">BI", kind, len(content)) + content


def dna(sequence: bytes, *, circular: bool, molecule: int = 1, features: bytes = b"<Features/>") -> bytes:
    cookie = packet(9, struct.pack(">8sHHH", b"SnapGene", molecule, 15, 19))
    return cookie + packet(0, bytes([circular]) + sequence) + packet(10, features)


FEATURE = b'<Features><Feature name="x" type="CDS"><Segment range="1-4"/></Feature></Features>'


@pytest.mark.parametrize(("circular", "topology"), [(True, "circular"), (False, "linear")])
def test_topology_and_features_are_in_the_file(intake, circular, topology):
    [record] = intake(("my plasmid.dna", dna(b"ACGTAC", circular=circular, features=FEATURE)))
    assert record.values["name"] == "my plasmid"
    assert record.values["sequence"] == "ACGTAC"
    assert record.values["topology"] == topology
    assert record.values["annotations"].startswith("LOCUS       my_plasmid")
    assert '/label="x"' in record.values["annotations"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (dna(b"MKV", circular=False, molecule=2), "protein"),
        (dna(b"ACGT", circular=False)[:-3], "Unexpected end of packet"),
        (dna(b"", circular=False), "No DNA packet"),
        (dna(b"ACGT", circular=False, features=b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'), "export it as GenBank"),
        (dna(b"ACGT", circular=False, features=b"<Features>"), "no element found"),
    ],
)
def test_a_broken_file(intake, content, says):
    with pytest.raises(IntakeError, match=r"^a\.dna: ") as caught:
        intake(("a.dna", content))
    assert says in caught.value.message
