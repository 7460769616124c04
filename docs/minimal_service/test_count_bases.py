"""The counts against those made by hand. Put this file into tests/services/count_bases/."""

import pytest

from foundry import catalog
from foundry.contract import ItemError


def outcomes(*sequences, **options):
    service = catalog.get("count-bases")
    items = [service.item(sequence=sequence, topology="linear") for sequence in sequences]
    return catalog.load(service.compute)(items, service.options(**options))


@pytest.mark.parametrize(("base", "count"), [("A", 6), ("C", 2), ("G", 2), ("T", 2), ("N", 0)])
def test_the_count_of_a_base(base, count):
    assert outcomes("ATGAAACGCTAA", base=base) == [{"count": count, "share": count / 12}]


def test_a_sequence_of_which_nothing_is_known_is_refused_alone():
    refused, counted = outcomes("NNNN", "NGGN")
    assert isinstance(refused, ItemError)
    assert counted == {"count": 2, "share": 0.5}
