"""What one chooses for a screen, and what comes out of it."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, TypedDict

import pydantic
from pydantic import Field
from pydantic_core import PydanticCustomError

from foundry.contract import Options
from services.screen_synthesis.profile import Profile, Rules, profiles

DEFAULT_PROFILE = "cuba-manufacturability"


def _known(name: str) -> str:
    if name not in profiles():
        raise PydanticCustomError(
            "unknown_profile",
            "there is no profile {name}; there are: {profiles}. Rules of your own go into 'rules'",
            {"name": repr(name), "profiles": ", ".join(profiles())},
        )
    return name


def _of_profile(rules: Any) -> Any:
    """The rules of a whole profile; all else as it is."""
    if not isinstance(rules, dict):
        return rules
    if "rules" not in rules:
        raise PydanticCustomError("no_rules", "the object has no 'rules'; send a list of rules, or a profile with them")
    return rules["rules"]


class ScreenOptions(Options):
    """Which rules the sequences are held against."""

    profile: Annotated[str, pydantic.AfterValidator(_known)] = Field(
        default=DEFAULT_PROFILE,
        description="The profile whose rules apply: "
        + "; ".join(f"'{name}' ({profile.title})" for name, profile in profiles().items()),
        json_schema_extra={"enum": [*profiles()]},
    )
    rules: Annotated[
        Rules | None, pydantic.BeforeValidator(_of_profile, json_schema_input_type=Rules | Profile | None)
    ] = Field(
        default=None,
        description="Rules of your own, which then apply in place of the profile's: a list of rules, or a whole"
        " profile, of which only the 'rules' count. The artifact 'profile.json' is one to edit and send here.",
    )
    max_spans: int = Field(
        default=20, ge=1, le=1000, description="The most spans listed of one broken rule; all of them are counted."
    )

    def effective_profile(self) -> Profile:
        """The profile that applies; rules of the user's own make one named 'custom' with a digest for a version."""
        if self.rules is None:
            return profiles()[self.profile]
        rules = [rule.model_dump(mode="json") for rule in self.rules]
        digest = hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
        return Profile(
            name="custom",
            version=f"sha256:{digest[:16]}",
            title="Rules given with the request",
            source="Given with the request.",
            rules=self.rules,
        )


class Span(TypedDict):
    """A place in the sequence. Where `end` is before `start`, the span runs across the origin of a circle."""

    start: Annotated[int, Field(description="First base of the span, 1-based.")]
    end: Annotated[
        int,
        Field(description="Last base of the span, 1-based and inclusive; before `start` when it crosses the origin."),
    ]
    strand: Annotated[
        Literal["forward", "reverse", "both"],
        Field(description="The strand on which a pattern reads 5' to 3'; 'both' where the rule concerns the duplex."),
    ]


class BrokenRule(TypedDict):
    """One rule that the sequence breaks."""

    rule: Annotated[
        str, Field(description="The rule's label, such as 'BsaI site', or '8x1mer': eight copies of one base in a row.")
    ]
    kind: Annotated[str, Field(description="The kind of rule, such as 'pattern' or 'tandem_repeat'.")]
    message: Annotated[str, Field(description="What is wrong, with the figures.")]
    hint: Annotated[str, Field(description="What to do about it.")]
    spans: Annotated[
        list[Span], Field(description="Where it is broken, in order of `start`; at most `max_spans` of them.")
    ]
    span_count: Annotated[int, Field(description="In how many places it is broken in all.")]


class AppliedProfile(TypedDict):
    """Which rules were applied."""

    name: Annotated[str, Field(description="The profile's name; 'custom' for rules given with the request.")]
    version: Annotated[str, Field(description="The profile's version; for 'custom', a digest of its rules.")]


class Result(TypedDict):
    """Whether a sequence meets a profile. It is the profile's verdict, not that of any vendor."""

    meets_profile: Annotated[
        bool,
        Field(description="True if no rule of the profile is broken. It says nothing about a vendor's acceptance."),
    ]
    summary: Annotated[
        str,
        Field(
            description="The broken rules by their labels, with the number of places if there are several, such as"
            " 'BsaI site ×2; 8x1mer'; empty if none is broken."
        ),
    ]
    profile: Annotated[AppliedProfile, Field(description="The profile that was applied.")]
    length: Annotated[int, Field(description="Length of the sequence in bases.", json_schema_extra={"unit": "bp"})]
    ambiguous_bases: Annotated[
        int,
        Field(
            description="How many bases are ambiguity codes. A rule counts as broken only where it is broken whichever"
            " bases the codes stand for, so a sequence with many of them is judged mildly."
        ),
    ]
    counts: Annotated[
        dict[str, int],
        Field(
            description="For each rule of the profile, by its label, in how many places the sequence breaks it. A label"
            " such as 8x1mer is of eight copies of one base in a row, 5x3mer of five of a triplet, hairpin 20/200 of a"
            " stem of 20 bases within 200."
        ),
    ]
    broken: Annotated[list[BrokenRule], Field(description="The broken rules, in the order of the profile.")]
