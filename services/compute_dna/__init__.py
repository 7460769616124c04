"""`compute-dna`: everything a molecular biologist wants to know about DNA sequences, at once."""

from foundry.contract import Artifact, Column, Example, Limits, Service, Slicing, Stage
from services.compute_dna.schema import Item, Options, Result

#: Bases 1 to 600 of the cloning vector pUC19c (GenBank L09137.2): polylinker and lac promoter.
_PUC19_600 = (
    "TCGCGCGTTTCGGTGATGACGGTGAAAACCTCTGACACATGCAGCTCCCGGAGACGGTCACAGCTTGTCTGTAAGCGGATGCCGGGAGCAGACAAGCCCG"
    "TCAGGGCGCGTCAGCGGGTGTTGGCGGGTGTCGGGGCTGGCTTAACTATGCGGCATCAGAGCAGATTGTACTGAGAGTGCACCATATGCGGTGTGAAATA"
    "CCGCACAGATGCGTAAGGAGAAAATACCGCATCAGGCGCCATTCGCCATTCAGGCTGCGCAACTGTTGGGAAGGGCGATCGGTGCGGGCCTCTTCGCTAT"
    "TACGCCAGCTGGCGAAAGGGGGATGTGCTGCAAGGCGATTAAGTTGGGTAACGCCAGGGTTTTCCCAGTCACGACGTTGTAAAACGACGGCCAGTGAATT"
    "CGAGCTCGGTACCCGGGGATCCTCTAGAGTCGACCTGCAGGCATGCAAGCTTGGCGTAATCATGGTCATAGCTGTTTCCTGTGTGAAATTGTTATCCGCT"
    "CACAATTCCACACAACATACGAGCCGGAAGCATAAAGTGTAAAGCCTGGGGTGCCTAATGAGTGAGCTAACTCACATTAATTGCGTTGCGCTCACTGCCC"
)


def _bases(item: Item) -> int:
    return len(item.sequence)


SERVICE = Service(
    name="compute-dna",
    version="1.0",
    title="Compute DNA",
    summary=(
        "Profiles DNA sequences, from primers to plasmids: composition, melting temperature, ORFs and proteins, codon "
        "adaptation, restriction sites of all commercial enzymes, repeats, hairpins and a checksum that recognises "
        "equal molecules."
    ),
    stage=Stage.DESIGN,
    biofoundry_ids=("USW030", "USW110"),
    item=Item,
    options=Options,
    result=Result,
    limits=Limits(items=100_000, memory_mb=2048, timeout_s=300),
    slicing=Slicing(items=2500, weight=2_500_000, weigh=_bases),
    compute="services.compute_dna.compute:compute",
    columns=(
        Column(title="Length (bp)", path="length"),
        Column(title="Topology", path="topology"),
        Column(title="GC", path="gc_content"),
        Column(title="GC min", path="gc_windows.minimum.gc_content"),
        Column(title="GC max", path="gc_windows.maximum.gc_content"),
        Column(title="Tm (°C)", path="melting_temperature.celsius"),
        Column(title="ORFs", path="orfs.total"),
        Column(title="Longest ORF (aa)", path="orfs.longest"),
        Column(title="CAI", path="codon_adaptation.index"),
        Column(title="Enzymes that cut", path="restriction.cutters"),
        Column(title="Unique cutters", path="restriction.unique"),
        Column(title="Type IIS sites", path="restriction.type_iis.total"),
        Column(title="Repeats", path="repeats.total"),
        Column(title="Tandem repeats", path="tandem_repeats.total"),
        Column(title="Hairpins", path="hairpins.total"),
        Column(title="Longest run (bp)", path="homopolymers.longest"),
        Column(title="Ambiguous bases", path="ambiguous"),
        Column(title="GC skew", path="gc_skew"),
        Column(title="Weight ss (Da)", path="molecular_weight.single_stranded"),
        Column(title="Weight ds (Da)", path="molecular_weight.double_stranded"),
        Column(title="SEGUID", path="checksum"),
    ),
    artifacts=(
        Artifact(
            name="annotated.gb",
            title="All records with their features and what was found in them, GenBank",
            media_type="text/plain",
            render="services.compute_dna.genbank:render",
        ),
        Artifact(
            name="reverse-complement.fasta",
            title="Reverse complements of all records, FASTA",
            media_type="text/plain",
            render="services.compute_dna.fasta:render",
        ),
        Artifact(
            name="map.svg",
            title="Map of features, ORFs and unique cutters",
            media_type="image/svg+xml",
            render="services.compute_dna.svg_map:render",
            per_item=True,
        ),
        Artifact(
            name="gc-plot.svg",
            title="GC content along the molecule",
            media_type="image/svg+xml",
            render="services.compute_dna.gc_plot:render",
            per_item=True,
        ),
        Artifact(
            name="restriction-sites.csv",
            title="Every site of every commercial enzyme, CSV",
            media_type="text/csv",
            render="services.compute_dna.site_table:render",
            per_item=True,
        ),
    ),
    examples=(
        Example(
            title="A stretch of the cloning vector pUC19",
            items=[{"name": "pUC19c 1-600", "sequence": _PUC19_600, "topology": "linear"}],
        ),
        Example(
            title="Primers in a PCR buffer",
            items=[
                {"name": "M13 forward (-20)", "sequence": "GTAAAACGACGGCCAGT", "topology": "linear"},
                {"name": "M13 reverse", "sequence": "CAGGAAACAGCTATGAC", "topology": "linear"},
            ],
            options={"sodium_mM": 50, "magnesium_mM": 1.5, "dntp_mM": 0.8, "oligo_nM": 500},
        ),
        Example(
            title="A codon-randomised library oligo, with ambiguity codes",
            items=[{"name": "NNK3", "sequence": "GCTGGTNNKNNKNNKGGTGCT", "topology": "linear"}],
        ),
    ),
    libraries=("numpy", "biopython", "python-codon-tables"),
    describing=frozenset({"name", "annotations"}),
)
