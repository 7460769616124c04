"""What is wrong with a value, in words."""

from __future__ import annotations

from typing import Annotated

import pydantic
import pytest

from foundry.contract import Item
from foundry.core import faults, patterns


class Sample(Item):
    plate: Annotated[str, pydantic.Field(pattern=r"^[A-Z]{2}\d+$")] = "AB1"
    wells: list[str] = []
    side: Annotated[str, pydantic.Field(pattern=r"^(left|right)$")] = "left"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"plate": "a;b"}, "it must consist of 2 capital letters, then 1 or more digits, not 'a;b'."),
        ({"side": "up"}, "it must match the pattern ^(left|right)$, not 'up'."),
        ({"name": "a\nb"}, r"it must consist of any number of characters but control characters, not 'a\nb'."),
        ({"wells": "a;b"}, """it must be a list such as ["a", "b"], not 'a;b'."""),
    ],
)
def test_what_is_wrong_is_said_in_words(values, said):
    with pytest.raises(pydantic.ValidationError) as caught:
        Sample.model_validate(values)
    [fault] = caught.value.errors()
    assert faults.message(fault) == said


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"^AB-\d{3,5}[A-H]?$", "“AB-”, then 3 to 5 digits, then at most 1 character of “A-H”"),
        (r"^[ACGT]+\.$", "1 or more characters of “ACGT”, then “.”"),
        (r"^[^,;]{2,}$", "2 or more characters but “,;”"),
        (r"^x{1}y*$", "1 “x”, then any number of “y”"),
        (r"^[a-zA-Z0-9]$", "1 letter or digit"),
        (r"^.{1,1}[0-9]{4}$", "1 character, then 4 digits"),
    ],
)
def test_a_simple_pattern_has_words(pattern, said):
    assert patterns.in_words(pattern) == said


@pytest.mark.parametrize(
    "pattern", ["", "^$", "[A-Z]", "^a", r"^(a|b)+$", r"^\S+$", "^a+?$", r"^a\b$", "^a$b$", "^[[:a:]]$"]
)
def test_any_other_pattern_has_none(pattern):
    assert not patterns.in_words(pattern)
