"""The line that sums a request up."""

from datetime import UTC, datetime, timedelta

import pytest

from foundry.cli.report import _summary
from foundry.client import ItemCounts, Request, RequestState

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("started", "finished", "said"),
    [
        (0.1, 2, "in 2.0 s (20 items/s)"),
        (0.1, 100, "in 100.0 s"),  # under 1 a second
        (3, 5, "in 5.0 s"),  # it waited
        (0, 0, "in 0.0 s"),
    ],
)
def test_a_rate_is_told_where_it_means_something(started, finished, said):
    request = Request(
        **dict.fromkeys(("id", "service", "version", "label", "owner", "team"), ""),
        priority=0,
        options={},
        jobs=1,
        state=RequestState.SUCCEEDED,
        created_at=CREATED,
        started_at=CREATED + timedelta(seconds=started),
        finished_at=CREATED + timedelta(seconds=finished),
        items=ItemCounts(total=40, succeeded=40, failed=0, waiting=0),
    )
    assert str(_summary(request)).endswith(said)
