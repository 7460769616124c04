"""screen-synthesis: can these sequences be synthesised?"""

from foundry.contract import Artifact, Column, Limits, SequenceItem, Service, Slicing, Stage
from services.screen_synthesis.examples import EXAMPLES
from services.screen_synthesis.schema import Result, ScreenOptions

SERVICE = Service(
    name="screen-synthesis",
    version="1.0",
    title="Screen for synthesis",
    summary="Holds DNA sequences against a profile of synthesis rules (sites, repeats, hairpins, GC content) and shows"
    " where each broken rule is broken. The verdict is the profile's, not a vendor's.",
    stage=Stage.DESIGN,
    biofoundry_ids=("USW040",),
    item=SequenceItem,
    options=ScreenOptions,
    result=Result,
    limits=Limits(items=100_000, memory_mb=512, timeout_s=60),
    slicing=Slicing(items=1000, weight=2_000_000, weigh=lambda item: len(item.sequence)),
    compute="services.screen_synthesis.compute:compute",
    columns=(
        Column(title="Meets profile", path="meets_profile"),
        Column(title="Broken", path="summary"),
        Column(title="Profile", path="profile.name"),
        Column(title="Profile version", path="profile.version"),
        Column(title="Length (bp)", path="length"),
        Column(title="Ambiguous bases", path="ambiguous_bases"),
        Column(title="Broken rules", path="broken", tally="rule"),
    ),
    artifacts=(
        Artifact(
            name="broken-rules.csv",
            title="Broken rules of all items, one row a place",
            media_type="text/csv",
            render="services.screen_synthesis.artifacts:broken_rules",
        ),
        Artifact(
            name="annotated.gb",
            title="GenBank record with the broken rules as features",
            media_type="text/x-genbank",
            render="services.screen_synthesis.artifacts:annotated_record",
            per_item=True,
        ),
        Artifact(
            name="broken-rules.svg",
            title="Where each broken rule is broken",
            media_type="image/svg+xml",
            render="services.screen_synthesis.span_map:render",
            per_item=True,
        ),
        Artifact(
            name="profile.json",
            title="The profile that was applied, to edit and send as options.rules",
            media_type="application/json",
            render="services.screen_synthesis.artifacts:applied_profile",
        ),
    ),
    examples=EXAMPLES,
    libraries=("numpy",),
    describing=frozenset({"name", "annotations"}),
)
