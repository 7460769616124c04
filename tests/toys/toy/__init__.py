"""A service whose items say what shall happen to them."""

from typing import Literal, TypedDict

import pydantic

from foundry.contract import Artifact, Column, Example, Item, Limits, Options, Service, Slicing, Stage


class ToyItem(Item):
    do: Literal["echo", "err", "raise", "die", "sleep", "hoard", "fork", "stick"] = pydantic.Field(
        default="echo", description="What happens."
    )
    seconds: float = pydantic.Field(default=0, description="How long it takes.")
    number: int = pydantic.Field(default=0, ge=0, description="Something to echo.")


class ToyOptions(Options):
    factor: int = pydantic.Field(default=1, ge=1, description="What the number is multiplied by.")


class ToyResult(TypedDict):
    number: int


def service(name: str = "toy", timeout_s: int = 30, attempts: int = 3, save_every: int | None = None) -> Service:
    return Service(
        name=name,
        version="1.0",
        title="Toy",
        summary="Does as its items say.",
        stage=Stage.TEST,
        item=ToyItem,
        options=ToyOptions,
        result=ToyResult,
        limits=Limits(items=10_000, memory_mb=256, timeout_s=timeout_s, attempts=attempts, concurrency=4),
        slicing=Slicing(items=3, weight=1_000, save_every=save_every),
        compute="tests.toys.toy.compute:compute",
        columns=[Column(title="number", path="number")],
        artifacts=[
            Artifact(
                name="numbers.txt", title="Numbers", media_type="text/plain", render="tests.toys.toy.compute:text"
            ),
            Artifact(
                name="one.txt",
                title="One number",
                media_type="text/plain",
                render="tests.toys.toy.compute:text",
                per_item=True,
            ),
        ],
        examples=[Example(title="One", items=[{"number": 1}])],
        libraries=["pydantic"],
    )


SERVICE = service()
