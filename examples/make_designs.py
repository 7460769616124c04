"""Write designs.fasta anew: `python examples/make_designs.py`. Two promoters x five leaders x thirty codings."""

import hashlib
import pathlib
import textwrap

from Bio import SeqIO
from Bio.Data import CodonTable
from Bio.Seq import Seq

HERE = pathlib.Path(__file__).parent
PUC19, PBAD30, PHIX174 = (SeqIO.read(HERE / f"{name}.gb", "genbank").seq for name in ("pUC19", "pBAD30", "phiX174"))

LACZ_ALPHA = (PUC19 * 2).reverse_complement()[2217:2541]
PROMOTERS = {"lac": (PUC19 * 2).reverse_complement()[2112:2198], "araBAD": PBAD30[2198:2275]}
#: The twenty bases before a gene of phiX174, with its ribosome binding site; the genes' first bases, from 1.
FIRST_BASES = {"D": 390, "J": 848, "F": 1001, "G": 2395, "H": 2931}
LEADERS = {gene: PHIX174[first - 21 : first - 1] for gene, first in FIRST_BASES.items()}
TERMINATOR = PBAD30[2348:2448]
CODINGS = 30

TABLE = CodonTable.unambiguous_dna_by_id[11].forward_table


def coding(variant: int) -> Seq:
    """lacZ-alpha; variant 1 is as in pUC19, in the others each codon is drawn from its synonyms, all alike."""
    if variant == 1:
        return LACZ_ALPHA
    draws = hashlib.shake_256(f"variant {variant}".encode()).digest(len(LACZ_ALPHA) // 3 - 1)
    codons = [
        sorted(codon for codon in TABLE if TABLE[codon] == letter) for letter in LACZ_ALPHA.translate(to_stop=True)
    ]
    chosen = [synonyms[draw % len(synonyms)] for synonyms, draw in zip(codons, draws, strict=True)]
    return Seq("".join(chosen)) + LACZ_ALPHA[-3:]


def main() -> None:
    with (HERE / "designs.fasta").open("w") as file:
        for promoter, first in PROMOTERS.items():
            for leader, second in LEADERS.items():
                for variant in range(1, CODINGS + 1):
                    name = f"{promoter}-{leader}-{variant:02}"
                    sequence = textwrap.fill(str(first + second + coding(variant) + TERMINATOR), 70)
                    file.write(f">{name} promoter, leader, lacZ-alpha variant [topology=linear]\n{sequence}\n")


if __name__ == "__main__":
    main()
