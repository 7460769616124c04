"""Requests that work, for the documentation and the conformance tests."""

from foundry.contract import Example

# Enhanced green fluorescent protein in human codons; it meets the default profile.
_EGFP = (
    "ATGGTGAGCAAGGGCGAGGAGCTGTTCACCGGGGTGGTGCCCATCCTGGTCGAGCTGGACGGCGACGTAAACGGCCACAAGTTCAGCGTGTCCGGCGAG"
    "GGCGAGGGCGATGCCACCTACGGCAAGCTGACCCTGAAGTTCATCTGCACCACCGGCAAGCTGCCCGTGCCCTGGCCCACCCTCGTGACCACCCTGACC"
    "TACGGCGTGCAGTGCTTCAGCCGCTACCCCGACCACATGAAGCAGCACGACTTCTTCAAGTCCGCCATGCCCGAAGGCTACGTCCAGGAGCGCACCATC"
    "TTCTTCAAGGACGACGGCAACTACAAGACCCGCGCCGAGGTGAAGTTCGAGGGCGACACCCTGGTGAACCGCATCGAGCTGAAGGGCATCGACTTCAAG"
    "GAGGACGGCAACATCCTGGGGCACAAGCTGGAGTACAACTACAACAGCCACAACGTCTATATCATGGCCGACAAGCAGAAGAACGGCATCAAGGTGAAC"
    "TTCAAGATCCGCCACAACATCGAGGACGGCAGCGTGCAGCTCGCCGACCACTACCAGCAGAACACCCCCATCGGCGACGGCCCCGTGCTGCTGCCCGAC"
    "AACCACTACCTGAGCACCCAGTCCGCCCTGAGCAAAGACCCCAACGAGAAGCGCGATCACATGGTCCTGCTGGAGTTCGTGACCGCCGCCGGGATCACT"
    "CTCGGCATGGACGAGCTGTACAAGTAA"
)
_LINKER = "GGTGGCGGTGGCTCG" * 3
_HIS_TAG = "CAC" * 6
_TAGGED = f"{_EGFP[:-3]}{_LINKER}{_HIS_TAG}TAA"

EXAMPLES = (
    Example(
        title="Three designs, the default profile",
        items=[
            {"name": "EGFP", "sequence": _EGFP, "topology": "linear"},
            {"name": "EGFP, (GGGGS)3 linker, His6", "sequence": _TAGGED, "topology": "linear"},
            {"name": "BsaI site over the origin", "sequence": f"CTC{_EGFP[60:420]}GGT", "topology": "circular"},
        ],
    ),
    Example(
        title="Oligos with mixed bases",
        items=[
            {"name": "NNK library", "sequence": "GACGTAAACGGCCACNNKTTCAGCNNKTCCGGCGAGGGC", "topology": "linear"},
            {"name": "G-rich", "sequence": "ATGCAAGGGGGTACGTTCA", "topology": "linear"},
        ],
        options={"profile": "oligo"},
    ),
    Example(
        title="Rules of your own",
        items=[{"name": "EGFP", "sequence": _EGFP, "topology": "linear"}],
        options={
            "rules": [
                {"kind": "pattern", "name": "PstI site", "pattern": "CTGCAG"},
                {
                    "kind": "gc_content",
                    "minimum": 0.3,
                    "maximum": 0.6,
                    "note": "Our thermocycler protocol is for less.",
                },
                {"kind": "tandem_repeat", "unit": 1, "copies": 6},
            ],
            "max_spans": 5,
        },
    ),
)
