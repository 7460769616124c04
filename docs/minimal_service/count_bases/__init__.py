"""count-bases: how often a base occurs in each sequence."""

from foundry.contract import Column, Example, Limits, SequenceItem, Service, Slicing, Stage

from .schema import CountOptions, Result

SERVICE = Service(
    name="count-bases",
    version="1.0",
    title="Count bases",
    summary="Counts how often one base, or any other letter of the alphabet, occurs in each sequence.",
    stage=Stage.DESIGN,
    item=SequenceItem,
    options=CountOptions,
    result=Result,
    limits=Limits(items=10_000, memory_mb=256, timeout_s=60),
    slicing=Slicing(items=1000),
    compute=f"{__name__}.compute:compute",
    columns=(Column(title="Count", path="count"), Column(title="Share", path="share")),
    examples=(
        Example(
            title="Two short sequences",
            items=[
                {"name": "first", "sequence": "ATGAAACGCTAA", "topology": "linear"},
                {"name": "second", "sequence": "GGCCGGCC", "topology": "circular"},
            ],
        ),
    ),
    describing=frozenset({"name", "annotations"}),
)
