"""Profiles are data: those shipped are valid and what they say they are, and a user's own are held to the same."""

import json
import pathlib

import pydantic
import pytest
from Bio.Restriction import AllEnzymes

from foundry.contract import SequenceItem
from services.screen_synthesis import profile as profile_module
from services.screen_synthesis.compute import compute
from services.screen_synthesis.profile import Profile, profiles
from services.screen_synthesis.rules import find
from services.screen_synthesis.schema import DEFAULT_PROFILE, ScreenOptions

FOLDER = pathlib.Path(profile_module.__file__).parent / "profiles"


def rules_of(profile):
    return {rule.label for rule in profile.rules}


def test_the_default_profile_is_the_rule_set_of_cuba():
    assert DEFAULT_PROFILE == "cuba-manufacturability"
    assert rules_of(profiles()[DEFAULT_PROFILE]) - {"no ambiguity codes"} == {
        *("BsaI site", "BsmBI site", "BbsI site", "SapI site"),
        *("8x1mer", "5x3mer", "9x2mer"),
        *("hairpin 20/200", "GC 30-70 %", "GC 10-90 % per 100 bp", "unique 15-mers"),
    }


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda profile: profile.name)
def test_a_profile_stands_in_the_file_of_its_name_with_its_source(profile):
    assert profiles()[profile.name] is profile
    assert len(profile.source) > 100
    assert "vendor" in profile.source


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda profile: profile.name)
def test_the_sites_of_a_profile_are_those_of_its_enzymes(profile):
    sites = {rule.name.removesuffix(" site"): rule.pattern for rule in profile.rules if rule.label.endswith(" site")}
    assert sites == {name: AllEnzymes.get(name).site for name in sites}


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda profile: profile.name)
def test_the_rules_of_a_profile_can_be_sent_as_rules_of_your_own(screen, profile):
    sent = json.loads((FOLDER / f"{profile.name}.json").read_text())["rules"]
    sequence = "ACGGTCTCTTTTTTTTTTNNACGCGCGCGCGCGCGCGCGCGCGCGAT"
    own, shipped = screen(sequence, *sent), screen(sequence, profile=profile.name)
    assert own["profile"]["name"] == "custom"
    assert {**own, "profile": None} == {**shipped, "profile": None}


def test_every_kind_of_rule_is_in_a_shipped_profile_and_has_a_search():
    shipped = {type(rule) for profile in profiles().values() for rule in profile.rules}
    assert shipped == set(find.registry) - {object}


def test_a_kind_without_a_search_is_an_error():
    class Unwritten:
        kind = "unwritten"

    with pytest.raises(TypeError, match="unwritten"):
        find(Unwritten(), None)


def test_rules_of_your_own_are_known_by_their_digest(screen):
    one, same, other = (
        screen("ACGT", {"kind": "length", "maximum": maximum})["profile"]["version"] for maximum in (10, 10, 11)
    )
    assert one == same != other


def test_an_unknown_profile_is_refused_with_a_list_of_those_there_are():
    with pytest.raises(pydantic.ValidationError) as refusal:
        ScreenOptions(profile="twist")
    message = refusal.value.errors()[0]["msg"]
    assert "'twist'" in message
    assert all(name in message for name in profiles())


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "the list of rules is empty; give at least one rule"),
        ({"name": "mine"}, "the object has no 'rules'"),
        ({"rules": []}, "the list of rules is empty"),
        ("length", "rules are written as a list of objects"),
        (["length"], "dictionary"),
        ([{"kind": "patern"}], "there is no kind of rule 'patern'; there are: length, .*, pattern, .*, hairpin, "),
        ([{"kind": ["pattern"]}], "there is no kind of rule "),
        ([{"maximum": 10}], "give a 'kind', one of: length, "),
        ([{"kind": "length", "minimum": 10, "maximum": 9}], "minimum 10 is over maximum 9"),
        ([{"kind": "gc_content", "minimum": 0.7, "maximum": 0.3}], "minimum 0.7 is over maximum 0.3"),
        ([{"kind": "gc_content", "minimum": 30, "maximum": 70}], "less than or equal to 1"),
        ([{"kind": "pattern", "name": "x", "pattern": "GGXTC"}], "it must not have 'X'"),
        ([{"kind": "pattern", "name": "x", "pattern": "ggtctc"}], "IUPAC codes, upper case: A C G T"),
        ([{"kind": "unique_kmers", "k": 33}], "less than or equal to 32"),
        ([{"kind": "hairpin", "stem": 20, "window": 30}], "at least 40"),
        ([{"kind": "hairpin", "stem": 20}], "Field required"),
        ([{"kind": "ambiguity", "maximum": 3}], "Extra inputs"),
        ([{"kind": "unique_kmers", "k": 9}] * 2, "unique 9-mers"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_the_reason(rules, message):
    with pytest.raises(pydantic.ValidationError, match=message):
        ScreenOptions.model_validate({"rules": rules})


def test_a_wrong_rule_is_one_error():
    with pytest.raises(pydantic.ValidationError) as refusal:
        ScreenOptions.model_validate({"rules": [{"kind": "patern"}]})
    assert [error["loc"] for error in refusal.value.errors()] == [("rules", 0)]


def test_the_request_in_the_readme_works():
    readme = (FOLDER.parent / "README.md").read_text()
    body = json.loads(readme.partition("```json")[2].partition("```")[0])
    assert compute([SequenceItem.model_validate(item) for item in body["items"]], ScreenOptions(**body["options"]))


def test_a_profile_file_is_held_to_the_same():
    with pytest.raises(pydantic.ValidationError, match=r"(?s)should match pattern.*the list of rules is empty"):
        Profile.model_validate({"name": "Bad Name", "version": "1.0", "title": "t", "source": "s", "rules": []})
