"""Promise 2: a thousand slots run against a server that takes a hundred connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bench import slots
from tests.database.pgbouncer import program
from tests.database.postgres import TcpServer
from tests.debian import NotToBeHadError

SLOTS = JOBS = 1_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TcpServer]:
    with slots.served(tmp_path_factory.mktemp("slots")) as server:
        yield server


@pytest.fixture
def compute(server: TcpServer, capsys: pytest.CaptureFixture[str]) -> Callable[..., slots.Figures]:
    """Compute with all slots over that port, show the figures, and see that nobody noticed anything."""

    def compute(name: str, port: str) -> slots.Figures:
        figures = slots.run(server, port, slots=SLOTS, jobs=JOBS, seconds=1)
        with capsys.disabled():
            figures.show(f"\n{name}")
        assert figures.jobs == {"succeeded": JOBS}
        assert figures.attempts == {"succeeded": JOBS}
        assert figures.errors == []
        assert set(figures.answers) == {200}
        return figures

    return compute


def test_directly(compute, server):
    figures = compute("1,000 slots directly", server.PORT)
    assert figures.refused > 0  # there were too many, and they waited
    assert figures.peak <= 100


def test_through_pgbouncer(compute, server, tmp_path):
    try:
        program()
    except NotToBeHadError as error:
        pytest.skip(str(error))
    with slots.pooled(server, tmp_path) as port:
        figures = compute("1,000 slots through PgBouncer", port)
    assert figures.refused == 0
    assert figures.peak <= slots.POOL
