import random

import pytest

from foundry.contract import SequenceItem
from services.screen_synthesis.compute import compute
from services.screen_synthesis.dna import reverse_complement
from services.screen_synthesis.schema import ScreenOptions


@pytest.fixture(scope="session")
def screen():
    """Screens one sequence, with rules or by a profile's name; lists all spans unless told otherwise."""

    def screen_one(sequence, *rules, topology="linear", **options):
        chosen = ScreenOptions.model_validate({"max_spans": 1000, **({"rules": rules} if rules else {}), **options})
        return compute([SequenceItem(sequence=sequence, topology=topology)], chosen)[0]

    return screen_one


@pytest.fixture(scope="session")
def broken(screen):
    """Screens one sequence by one rule: the broken rule, or None."""

    def broken_by(sequence, rule, topology="linear"):
        found = screen(sequence, rule, topology=topology)["broken"]
        return found[0] if found else None

    return broken_by


@pytest.fixture(scope="session")
def covered():
    """The positions, from 0, that the spans of a broken rule cover."""

    def positions(broken_rule, size):
        spans = broken_rule["spans"] if broken_rule else []
        return {
            position % size
            for span in spans
            for position in range(span["start"] - 1, span["end"] + (size if span["end"] < span["start"] else 0))
        }

    return positions


@pytest.fixture(scope="session")
def troubled():
    """A sequence, made by a seed, that has trouble of every kind here and there."""

    def make(seed, pieces=12):
        rng = random.Random(seed)

        def bases(size, letters="ACGT"):
            return "".join(rng.choices(letters, k=size))

        sequence = bases(rng.randint(20, 60))
        for _ in range(pieces):
            start = rng.randrange(len(sequence))
            copy = sequence[start : start + rng.randint(8, 40)]
            sequence += rng.choice(
                [
                    bases(rng.randint(1, 80)),
                    bases(rng.randint(40, 130), "AT"),
                    bases(rng.randint(40, 130), "GC"),
                    rng.choice("ACGT") * rng.randint(5, 14),
                    bases(2) * rng.randint(5, 14),
                    bases(3) * rng.randint(3, 8),
                    rng.choice(["GGTCTC", "GAGACC", "CGTCTC", "GAAGAC", "GTCTTC", "GCTCTTC", "GAAGAGC"]),
                    copy,
                    reverse_complement(copy),
                    bases(rng.randint(0, 120)) + reverse_complement(copy),
                ]
            )
        return sequence

    return make
