"""Profiles: named, versioned lists of rules, kept as JSON files in `profiles/`.

A rule is data. What each kind looks for is in `rules.py`; the two meet in the kind's class.
"""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import pydantic
from pydantic_core import PydanticCustomError

from foundry.contract.sequence import IUPAC_DNA

#: The longest word that fits 64 bits at two bits a base.
LONGEST_WORD = 32

_FOLDER = pathlib.Path(__file__).parent / "profiles"

_KIND = pydantic.Field(description="Which kind of rule this is.")


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class _Rule(_Model):
    #: What to do about a sequence that breaks the rule.
    hint: ClassVar[str]

    kind: str
    note: str = pydantic.Field(
        default="", max_length=500, description="Why the rule is there, or where its figures are from."
    )


def _in_order(low: float, high: float) -> None:
    if low > high:
        raise PydanticCustomError(
            "bounds_crossed", "minimum {low} is over maximum {high}; swap them", {"low": low, "high": high}
        )


class LengthRule(_Rule):
    """The sequence is neither too short nor too long to order in one piece."""

    hint = "Split a longer sequence into pieces to assemble; lengthen a shorter one with flanks, or order it as oligos."

    kind: Annotated[Literal["length"], _KIND]
    minimum: int = pydantic.Field(default=1, ge=1, description="The fewest bases the sequence may have.")
    maximum: int = pydantic.Field(ge=1, description="The most bases the sequence may have.")

    @pydantic.model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        _in_order(self.minimum, self.maximum)
        return self

    @property
    def label(self) -> str:
        return f"length {self.minimum}-{self.maximum} bp"


class AmbiguityRule(_Rule):
    """Every base is A, C, G or T."""

    hint = "Write the base that is meant in place of each ambiguity code, or screen each variant as an item of its own."

    kind: Annotated[Literal["ambiguity"], _KIND]

    @property
    def label(self) -> str:
        return "no ambiguity codes"


def _of_codes(pattern: str) -> str:
    if strange := sorted(set(pattern) - set(IUPAC_DNA)):
        raise PydanticCustomError(
            "no_iupac_codes",
            "a pattern is written in IUPAC codes, upper case: {codes}; it must not have {strange}",
            {"codes": " ".join(IUPAC_DNA), "strange": ", ".join(map(repr, strange))},
        )
    return pattern


class PatternRule(_Rule):
    """A sequence motif, such as a restriction site, is absent."""

    hint = "Change one base within each occurrence; in a coding sequence, by a synonymous codon."

    kind: Annotated[Literal["pattern"], _KIND]
    name: str = pydantic.Field(
        min_length=1, max_length=60, description="What the pattern is called, such as 'BsaI site'; the rule's label."
    )
    pattern: Annotated[str, pydantic.AfterValidator(_of_codes)] = pydantic.Field(
        min_length=2,
        max_length=100,
        json_schema_extra={"pattern": f"^[{IUPAC_DNA}]+$"},
        description="The motif, upper case over the IUPAC alphabet, 5' to 3'; N stands for any base.",
    )
    strands: Literal["both", "given"] = pydantic.Field(
        default="both", description="'both' looks on the reverse strand too, as is right for double-stranded DNA."
    )

    @property
    def label(self) -> str:
        return self.name


class TandemRepeatRule(_Rule):
    """No unit follows itself too many times; a unit of one base makes it a limit on homopolymers."""

    hint = (
        "Interrupt the run with another base before it reaches the limit; in a coding sequence, by a synonymous codon."
    )

    kind: Annotated[Literal["tandem_repeat"], _KIND]
    unit: int = pydantic.Field(
        ge=1, le=100, description="Length of the repeated unit in bases; 1 is a homopolymer, 2 a dinucleotide repeat."
    )
    copies: int = pydantic.Field(
        ge=2, le=1000, description="This many copies in a row break the rule; one fewer does not."
    )

    @property
    def label(self) -> str:
        return f"{self.copies}x{self.unit}mer"


class HairpinRule(_Rule):
    """No word has its reverse complement close behind it, so that the strand could fold back on itself."""

    hint = "Change bases in one of the two arms of the stem, so that it no longer pairs with the other."

    kind: Annotated[Literal["hairpin"], _KIND]
    stem: int = pydantic.Field(
        ge=4,
        le=LONGEST_WORD,
        description="Length of the stem in base pairs, without mismatches; longer stems count too.",
    )
    window: int = pydantic.Field(
        ge=8, le=100_000, description="Both arms of the stem and the loop between them lie within this many bases."
    )

    @pydantic.model_validator(mode="after")
    def _window_holds_both_arms(self) -> Self:
        if self.window < 2 * self.stem:
            raise PydanticCustomError(
                "window_too_short",
                "a window of {window} bases cannot hold two arms of {stem}; give at least {least}",
                {"window": self.window, "stem": self.stem, "least": 2 * self.stem},
            )
        return self

    @property
    def label(self) -> str:
        return f"hairpin {self.stem}/{self.window}"


class GcContentRule(_Rule):
    """The fraction of G and C lies within bounds, over the whole sequence or in every window."""

    hint = "Bring the GC content of each stretch within bounds; in a coding sequence, by synonymous codons."

    kind: Annotated[Literal["gc_content"], _KIND]
    minimum: float = pydantic.Field(ge=0, le=1, description="The lowest GC content allowed, a fraction from 0 to 1.")
    maximum: float = pydantic.Field(ge=0, le=1, description="The highest GC content allowed, a fraction from 0 to 1.")
    window: int | None = pydantic.Field(
        default=None,
        ge=10,
        le=100_000,
        description="Window length in bases, moved by one base at a time; none judges the sequence as a whole.",
    )

    @pydantic.model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        _in_order(self.minimum, self.maximum)
        return self

    @property
    def bounds(self) -> str:
        return f"{100 * self.minimum:.4g}-{100 * self.maximum:.4g} %"

    @property
    def label(self) -> str:
        return f"GC {self.bounds}" + (f" per {self.window} bp" if self.window else "")


class UniqueKmersRule(_Rule):
    """No word of k bases occurs twice, counting both strands."""

    hint = "Recode one of the copies, so that no two places share a word this long; or order the copies separately."

    kind: Annotated[Literal["unique_kmers"], _KIND]
    k: int = pydantic.Field(ge=6, le=LONGEST_WORD, description="Length of the words in bases.")

    @property
    def label(self) -> str:
        return f"unique {self.k}-mers"


_AnyRule = LengthRule | AmbiguityRule | PatternRule | TandemRepeatRule | HairpinRule | GcContentRule | UniqueKmersRule
_KINDS = tuple(get_args(rule.model_fields["kind"].annotation)[0] for rule in get_args(_AnyRule))


def _of_known_kind(rule: Any) -> Any:
    if isinstance(rule, dict) and rule.get("kind") not in _KINDS:
        raise PydanticCustomError(
            "unknown_kind",
            "there is no kind of rule {kind}; there are: {kinds}"
            if "kind" in rule
            else "give a 'kind', one of: {kinds}",
            {"kind": repr(rule.get("kind")), "kinds": ", ".join(_KINDS)},
        )
    return rule


Rule = Annotated[_AnyRule, pydantic.Field(discriminator="kind"), pydantic.BeforeValidator(_of_known_kind)]


def _listed(rules: Any) -> Any:
    if not isinstance(rules, list | tuple):
        raise PydanticCustomError("no_list", "rules are written as a list of objects, each with a 'kind'")
    if not rules:
        raise PydanticCustomError("no_rules", "the list of rules is empty; give at least one rule")
    return rules


def _distinct(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    labels = [rule.label for rule in rules]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise PydanticCustomError(
            "rules_repeated",
            "each rule may stand in the list once, but these stand there more often: {rules}; leave out the others",
            {"rules": ", ".join(twice)},
        )
    return rules


Rules = Annotated[
    tuple[Rule, ...],
    pydantic.Field(max_length=50, json_schema_extra={"minItems": 1}),
    pydantic.AfterValidator(_distinct),
    pydantic.BeforeValidator(_listed),
]


class Profile(_Model):
    """A list of rules with a name and a version. Whoever changes a rule raises the version."""

    name: str = pydantic.Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="The profile's name, in kebab-case.")
    version: str = pydantic.Field(min_length=1, max_length=40, description="The profile's version.")
    title: str = pydantic.Field(description="What the profile is for.")
    source: str = pydantic.Field(description="Where the rules are from, and what they do not claim.")
    rules: Rules = pydantic.Field(description="The rules; a sequence meets the profile when it breaks none.")


@functools.cache
def profiles() -> Mapping[str, Profile]:
    """The profiles there are, by name, in alphabetical order."""
    files = sorted(_FOLDER.glob("*.json"))
    return MappingProxyType({file.stem: Profile.model_validate_json(file.read_bytes()) for file in files})
