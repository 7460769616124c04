"""How a service declares itself."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import pydantic


class Stage(StrEnum):
    """Where a service stands in the design-build-test cycle."""

    DESIGN = "design"
    BUILD = "build"
    TEST = "test"


class Item(pydantic.BaseModel):
    """One design of a request. A service's item model adds its fields; unknown fields are refused."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = pydantic.Field(
        default="",
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="What the user calls this item, on one line; shown in every output.",
    )


class Options(pydantic.BaseModel):
    """What is chosen once for all items of a request; every option has a default and unknown options are refused."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ItemError:
    """Why one item has no result. `message` says what is wrong, where, and what to do."""

    code: str
    message: str
    field: str | None = None
    #: 1-based positions in the field's value that the message is about, the first few of them.
    positions: tuple[int, ...] = ()


#: What an item came to: the values of the service's result type, or an error.
type Outcome = Mapping[str, Any] | ItemError

#: `compute(items, options)` returns one outcome for each item, in their order. It is a pure function: the same items
#: and options come to the same outcomes. An exception fails the attempt, which the platform tries again.
type Compute = Callable[[Sequence[Any], Any], Sequence[Outcome]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item with its outcome, as an artifact is drawn from it.

    `position` is the item's place in the request, 1-based; files call an item without a name after it.
    """

    position: int
    item: Any
    result: Mapping[str, Any] | None
    error: ItemError | None


#: `render(entries, options)` yields the artifact's text piece by piece, holding only a few entries at a time.
type Render = Callable[[Iterable[Entry], Any], Iterator[str]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that can be made of a finished request, or of one of its items, when somebody asks for it.

    An SVG image of one item is a figure: people see it on the item's page, with the title as its text. What it leaves
    out it says itself, for it is saved and sent without its page.
    """

    name: str
    title: str
    media_type: str
    #: "package.module:function", a `Render`; imported when first used.
    render: str
    #: True: made of one item, which the caller names by its position.
    per_item: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the result table: a heading and the dotted path to a value in the result.

    A path that ends at a list or an object shows how many entries it has; a list of objects that is a column stands
    first on the pages of the items that have entries in it, such as broken rules with what to do about them. What kind
    of value it is, which decides how the column is sorted, filtered and drawn as a distribution, is what the result's
    type says; a number that the type bounds by 0 and 1 can also be given as a percentage.
    """

    title: str
    path: str
    #: For a list of objects: which of their values tells them apart. Its distribution then says of each how many items
    #: have it, such as each rule that is broken.
    tally: str = ""


def value_at(values: Any, path: str) -> Any:
    """What a column shows of a result; None if nothing is there."""
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return len(values) if isinstance(values, list | Mapping) else values


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may ask and what a job may take."""

    items: int
    memory_mb: int
    #: One attempt at a job is ended after this many seconds.
    timeout_s: int
    #: A job fails for good after this many failed attempts.
    attempts: int = 3
    #: At most this many slots compute at once, give or take jobs that are claimed in the same instant.
    concurrency: int = 10


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slicing:
    """How the items of a request are cut into jobs.

    A job takes at most `items` items, and where some are more work than others at most `weight` in all, as `weigh`
    weighs each; one item over `weight` has a job of its own. Within a job, results are saved each `save_every` items,
    and a later attempt skips what is saved (None: all at the end).
    """

    items: int
    weight: int = sys.maxsize
    weigh: Callable[[Any], int] = lambda item: 1
    save_every: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request that works, for the documentation and the conformance tests."""

    title: str
    items: Sequence[Mapping[str, Any]]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One capability of the foundry. See `services/README.md` for how to write one."""

    name: str
    version: str
    title: str
    #: One or two sentences for people who look for a service.
    summary: str
    stage: Stage
    #: Ids in the Global Biofoundries Alliance's hierarchy, such as USW030 (vector design).
    biofoundry_ids: Sequence[str] = ()
    item: type[Item]
    options: type[Options]
    #: A TypedDict or a pydantic model; a result is small, a few kilobytes.
    result: Any
    limits: Limits
    slicing: Slicing
    #: "package.module:function", a `Compute`; imported in the slot, so that the API starts without the libraries.
    compute: str
    columns: Sequence[Column]
    artifacts: Sequence[Artifact] = ()
    examples: Sequence[Example]
    #: Distributions whose versions are recorded with every attempt.
    libraries: Sequence[str] = ()
    #: Item fields that do not change the result. Items equal in all other fields are computed once.
    describing: frozenset[str] = frozenset({"name"})
