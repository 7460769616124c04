"""Items, options and results of `compute-dna`.

Positions are 1-based and inclusive, as in GenBank; on a circular molecule a range whose `end` is smaller than its
`start` runs across the origin. Every list is cut at `LISTED` entries (sites of one assembly enzyme: all kinds
together) with the full number in `total` beside it. Results are TypedDicts: plain dicts at run time, documented by
`pydantic.TypeAdapter(Result).json_schema()`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypedDict, get_args

import pydantic
from pydantic_core import PydanticCustomError

from foundry.contract import Options as ServiceOptions
from foundry.contract import SequenceItem, Topology

#: The longest list in a result; `total` beside a list counts what the list leaves out.
LISTED = 20

#: Translation tables of the NCBI (gc.prt) that Biopython knows.
GeneticCode = Literal[
    1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33
]
#: Whose they are, in the order of their numbers; after gc.prt.
_WHOSE = (
    *("Standard", "Vertebrate mitochondrial", "Yeast mitochondrial", "Mold mitochondrial, mycoplasma"),
    *("Invertebrate mitochondrial", "Ciliate nuclear", "Echinoderm and flatworm mitochondrial", "Euplotid nuclear"),
    *("Bacterial, archaeal, plant plastid", "Alternative yeast nuclear", "Ascidian mitochondrial"),
    *("Alternative flatworm mitochondrial", "Blepharisma nuclear", "Chlorophycean mitochondrial"),
    *("Trematode mitochondrial", "Scenedesmus obliquus mitochondrial", "Thraustochytrium mitochondrial"),
    *("Pterobranchia mitochondrial", "Candidate division SR1, Gracilibacteria", "Pachysolen tannophilus nuclear"),
    *("Karyorelict nuclear", "Condylostoma nuclear", "Mesodinium nuclear", "Peritrich nuclear"),
    *("Blastocrithidia nuclear", "Balanophoraceae plastid", "Cephalodiscidae mitochondrial"),
)
_CODES: dict[str, pydantic.JsonValue] = {
    "names": {str(number): f"{number}: {whose}" for number, whose in zip(get_args(GeneticCode), _WHOSE, strict=True)}
}

#: Codon usage tables that python_codon_tables ships; the number is the NCBI taxonomy id.
Host = Literal[
    "b_subtilis_1423",
    "c_elegans_6239",
    "d_melanogaster_7227",
    "e_coli_316407",
    "g_gallus_9031",
    "h_sapiens_9606",
    "m_musculus_10090",
    "m_musculus_domesticus_10092",
    "s_cerevisiae_4932",
]


def _species(host: str) -> str:
    """ "E. coli (taxon 316407)" of e_coli_316407."""
    genus, *species, taxon = host.split("_")
    return f"{genus.upper()}. {' '.join(species)} (taxon {taxon})"


_HOSTS: dict[str, pydantic.JsonValue] = {"names": {host: _species(host) for host in get_args(Host)}}

#: Fields that mean the same in every list.
_Total = Annotated[int, pydantic.Field(description=f"How many there are; the list beside it ends at {LISTED}.")]
_Start = Annotated[int, pydantic.Field(description="First base, 1-based.")]


class Item(SequenceItem):
    """A DNA molecule to profile."""

    max_length: ClassVar[int] = 10_000_000


class Options(ServiceOptions):
    """What to look for, and under which conditions."""

    gc_window: int = pydantic.Field(
        default=50, ge=10, le=1000, description="Length in bases of the sliding window for local GC content."
    )
    genetic_code: GeneticCode = pydantic.Field(
        default=1, description="NCBI translation table for ORFs.", json_schema_extra=_CODES
    )
    orf_minimum: int = pydantic.Field(
        default=75, ge=10, le=10_000, description="Shortest ORF to report, in amino acids (the stop not counted)."
    )
    start_codons: Literal["ATG", "table"] = pydantic.Field(
        default="ATG", description="'ATG' only, or every start codon of the NCBI table."
    )
    host: Host = pydantic.Field(
        default="e_coli_316407",
        description="Expression host whose codon usage the codon adaptation index refers to.",
        json_schema_extra=_HOSTS,
    )
    sodium_mM: float = pydantic.Field(  # noqa: N815 (the unit is part of the name)
        default=50, gt=0, le=2000, description="Monovalent cations (Na+ and K+) in mM, for melting temperatures."
    )
    magnesium_mM: float = pydantic.Field(  # noqa: N815
        default=0, ge=0, le=100, description="Mg2+ in mM; counted as sodium equivalents after von Ahsen et al. 2001."
    )
    dntp_mM: float = pydantic.Field(  # noqa: N815
        default=0, ge=0, le=100, description="All dNTPs together in mM; they bind Mg2+ one to one."
    )
    oligo_nM: float = pydantic.Field(  # noqa: N815
        default=250, gt=0, le=1e6, description="The strand in excess (the primer), in nM."
    )
    target_nM: float = pydantic.Field(  # noqa: N815
        default=0, ge=0, le=1e6, description="The strand it binds (the template), in nM; at most `oligo_nM`."
    )
    homopolymer_minimum: int = pydantic.Field(
        default=6, ge=3, le=50, description="Shortest run of one base to report, in bases."
    )
    repeat_minimum: int = pydantic.Field(
        default=20, ge=12, le=31, description="Shortest exact repeat to report, in bases: two copies of so many."
    )
    hairpin_stem_minimum: int = pydantic.Field(
        default=10, ge=7, le=50, description="Shortest hairpin stem to report, in base pairs, all Watson-Crick."
    )
    hairpin_loop_maximum: int = pydantic.Field(
        default=50, ge=3, le=200, description="Longest hairpin loop, in bases; the shortest is 3."
    )

    @pydantic.model_validator(mode="after")
    def _target_is_not_in_excess(self) -> Options:
        if self.target_nM > self.oligo_nM:
            raise PydanticCustomError(
                "target_in_excess",
                "target_nM is over oligo_nM; oligo_nM is the strand in excess, so swap them or raise oligo_nM",
            )
        return self


class Window(TypedDict):
    """Where GC content is extreme."""

    gc_content: Annotated[
        float, pydantic.Field(ge=0, le=1, description="GC content of the window over its known bases, 0 to 1.")
    ]
    start: Annotated[int, pydantic.Field(description="First base of the first such window; it may cross the origin.")]


class GCWindows(TypedDict):
    """The extremes of GC content in windows of `gc_window` bases that slide by one base."""

    window: Annotated[int, pydantic.Field(description="Window length in bases.", json_schema_extra={"unit": "bp"})]
    minimum: Window
    maximum: Window


class MolecularWeight(TypedDict):
    """Average mass in daltons with a 5' phosphate on every linear strand; a code weighs the mean of its bases."""

    single_stranded: Annotated[
        float, pydantic.Field(description="The strand as given, in Da.", json_schema_extra={"unit": "Da"})
    ]
    double_stranded: Annotated[
        float, pydantic.Field(description="Both strands, in Da.", json_schema_extra={"unit": "Da"})
    ]


class MeltingTemperature(TypedDict):
    """Of linear oligos of 8 to 60 certain bases with their complement, under the options' conditions."""

    celsius: Annotated[
        float | None, pydantic.Field(description="Nearest-neighbour Tm in degrees Celsius (SantaLucia 1998).")
    ]
    not_applicable: Annotated[
        str | None, pydantic.Field(title="Why there is none", description="Said if there is no Tm.")
    ]


class ORF(TypedDict):
    """An open reading frame from its first start codon after a stop up to and with its stop codon."""

    start: Annotated[int, pydantic.Field(description="Lowest base on the given strand; over `end` across the origin.")]
    end: Annotated[int, pydantic.Field(description="Highest base on the given strand.")]
    strand: Annotated[Literal[1, -1], pydantic.Field(description="1: the given strand, -1: its complement.")]
    frame: Annotated[
        int,
        pydantic.Field(description="1 to 3: (first base of the start codon, read along its strand, - 1) mod 3 + 1."),
    ]
    length: Annotated[
        int, pydantic.Field(description="Amino acids, the stop not counted.", json_schema_extra={"unit": "aa"})
    ]
    protein: Annotated[
        str, pydantic.Field(description="Its translation, M first; a codon with an undecided meaning is X.")
    ]


class ORFs(TypedDict):
    """Open reading frames of all six frames, on a circle across the origin."""

    total: Annotated[int, pydantic.Field(description="ORFs of at least `orf_minimum` amino acids in all six frames.")]
    longest: Annotated[
        int,
        pydantic.Field(
            description="Amino acids of the longest ORF, 0 if there is none.", json_schema_extra={"unit": "aa"}
        ),
    ]
    listed: Annotated[list[ORF], pydantic.Field(description=f"The {LISTED} longest, longest first.")]


class CodonAdaptation(TypedDict):
    """Codon adaptation index of the longest ORF (Sharp and Li 1987)."""

    host: Annotated[str, pydantic.Field(description="The host whose codon usage was taken.", json_schema_extra=_HOSTS)]
    index: Annotated[
        float | None,
        pydantic.Field(ge=0, le=1, description="0 to 1; 1 uses the host's favourite codon everywhere."),
    ]
    not_applicable: Annotated[
        str | None, pydantic.Field(title="Why there is none", description="Said if there is no index.")
    ]


class AssemblySite(TypedDict):
    """A site of a Type IIS enzyme of Golden Gate and MoClo assembly."""

    enzyme: Annotated[
        str, pydantic.Field(description="BbsI, BsaI, BsmBI, PaqCI or SapI; isoschizomers share the site.")
    ]
    start: Annotated[int, pydantic.Field(description="Lowest base of the recognition site.")]
    strand: Annotated[Literal[1, -1], pydantic.Field(description="1: the site reads along the given strand.")]
    cut: Annotated[
        int | None,
        pydantic.Field(description="First base after the cut of the given strand; none: it falls off the end."),
    ]
    overhang: Annotated[
        str | None, pydantic.Field(description="The 5' overhang it leaves, read along the given strand.")
    ]


class AssemblySites(TypedDict):
    """Sites of the Type IIS enzymes that assembly standards use, which a part must not have inside."""

    total: _Total
    listed: Annotated[list[AssemblySite], pydantic.Field(description="By position.")]


class Restriction(TypedDict):
    """Recognition sites of the commercial enzymes of REBASE as Bio.Restriction has them.

    A base counts where it is certain: an ambiguity code in the sequence is matched by an N of the site, by nothing
    else. A place that reads as the site on both strands counts once.
    """

    enzymes: Annotated[int, pydantic.Field(description="Enzymes that were looked for.")]
    cutters: Annotated[int, pydantic.Field(title="Enzymes that cut", description="Enzymes with at least one site.")]
    non_cutters: Annotated[int, pydantic.Field(title="Enzymes that do not cut", description="Enzymes with no site.")]
    unique: Annotated[
        dict[str, int | None],
        pydantic.Field(
            title="Unique cutters",
            description="Enzymes with exactly one site, and the first base after its (first) cut of the given strand, "
            "as Bio.Restriction numbers it; none: the cut falls off the end of a linear molecule.",
        ),
    ]
    multiple: Annotated[
        dict[str, int],
        pydantic.Field(
            title="Enzymes that cut several times", description="Enzymes with two sites or more, and how many."
        ),
    ]
    type_iis: Annotated[AssemblySites, pydantic.Field(title="Type IIS sites")]


class Homopolymer(TypedDict):
    """A run of one base."""

    base: Annotated[str, pydantic.Field(description="A, C, G or T.")]
    start: _Start
    length: Annotated[int, pydantic.Field(description="Bases.", json_schema_extra={"unit": "bp"})]


class Homopolymers(TypedDict):
    """Runs of one base. Those of at least `homopolymer_minimum` are counted and listed."""

    total: _Total
    longest: Annotated[
        int,
        pydantic.Field(
            description="Bases of the longest run of one known base, be it listed or not; 0 if no base is known.",
            json_schema_extra={"unit": "bp"},
        ),
    ]
    listed: Annotated[list[Homopolymer], pydantic.Field(description="Longest first.")]


class TandemRepeat(TypedDict):
    """A unit that follows itself without a gap or mismatch."""

    unit: Annotated[str, pydantic.Field(description="2 to 30 bases, as first met.")]
    start: _Start
    length: Annotated[
        int,
        pydantic.Field(
            description="Bases of the whole tract, a broken last copy included.", json_schema_extra={"unit": "bp"}
        ),
    ]


class TandemRepeats(TypedDict):
    """Exact tracts in which a unit follows itself head to tail, each of the smallest unit it has."""

    total: Annotated[
        int,
        pydantic.Field(
            description="Tracts of 3 or more copies and 12 or more bases of a unit of 2 to 10 bases, and tracts of a "
            "longer unit, below `repeat_minimum`, that repeat `repeat_minimum` bases."
        ),
    ]
    listed: Annotated[list[TandemRepeat], pydantic.Field(description="Longest first.")]


class Repeat(TypedDict):
    """Two equal stretches that do not overlap at their seeds, as long as they can be."""

    start: Annotated[int, pydantic.Field(description="First base of one copy.")]
    other: Annotated[int, pydantic.Field(description="First (lowest) base of the other copy.")]
    length: Annotated[int, pydantic.Field(description="Bases of each copy.", json_schema_extra={"unit": "bp"})]
    inverted: Annotated[bool, pydantic.Field(description="True: the other copy is the reverse complement.")]


class Repeats(TypedDict):
    """Dispersed exact repeats of at least `repeat_minimum` bases, direct and inverted."""

    total: Annotated[
        int, pydantic.Field(description="Pairs of neighbouring copies of at least `repeat_minimum` bases.")
    ]
    listed: Annotated[list[Repeat], pydantic.Field(description="Longest first.")]


class Hairpin(TypedDict):
    """A stem of Watson-Crick pairs without mismatch or bulge, and its loop."""

    start: Annotated[int, pydantic.Field(description="First base of the 5' arm.")]
    stem: Annotated[int, pydantic.Field(description="Base pairs.", json_schema_extra={"unit": "bp"})]
    loop: Annotated[int, pydantic.Field(description="Unpaired bases between the arms.")]


class Hairpins(TypedDict):
    """Stems of at least `hairpin_stem_minimum` pairs around a loop of 3 to `hairpin_loop_maximum` bases."""

    total: _Total
    listed: Annotated[list[Hairpin], pydantic.Field(description="Longest stem first, then shortest loop.")]


class Result(TypedDict):
    """The profile of one molecule."""

    length: Annotated[int, pydantic.Field(description="Bases (base pairs).", json_schema_extra={"unit": "bp"})]
    topology: Annotated[Topology, pydantic.Field(description="As it was given for the molecule.")]
    ambiguous: Annotated[int, pydantic.Field(description="Positions that are not A, C, G or T.")]
    gc_content: Annotated[
        float | None,
        pydantic.Field(
            ge=0, le=1, description="(G + C + S) / (A + C + G + T + S + W), 0 to 1; none if all bases are unknown."
        ),
    ]
    gc_skew: Annotated[
        float | None, pydantic.Field(description="(G - C) / (G + C) of the given strand; none without G and C.")
    ]
    gc_windows: Annotated[
        GCWindows | None, pydantic.Field(description="None if the molecule is shorter than a window.")
    ]
    molecular_weight: MolecularWeight
    melting_temperature: MeltingTemperature
    checksum: Annotated[
        str,
        pydantic.Field(
            description="SEGUID v2 of the double strand (ldseguid= linear, cdseguid= circular): equal for equal "
            "molecules, whichever strand or origin they were written with."
        ),
    ]
    orfs: ORFs
    codon_adaptation: CodonAdaptation
    restriction: Restriction
    homopolymers: Homopolymers
    tandem_repeats: TandemRepeats
    repeats: Repeats
    hairpins: Hairpins
