"""The platform against the bare computation: accepting and computing 10,000 sequences of 1 kb, on this machine's cores.

Durable embedded PostgreSQL, a real worker with as many slots as there are cores, and the same jobs given to a bare
process pool of the same size, in turns in one run.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from multiprocessing.pool import Pool
from typing import Any

ITEMS, LENGTH, ROUNDS = 10_000, 1_000, 5
ACCEPT_GOAL_S = 5.0
OVERHEAD_GOAL = 0.20
CORES = os.cpu_count() or 1


def main() -> None:
    """Prints each figure beside its goal."""
    with tempfile.TemporaryDirectory(prefix="foundry-bench-", ignore_cleanup_errors=True) as home:
        os.environ |= {"FOUNDRY_HOME": home, "DJANGO_SETTINGS_MODULE": "foundry.settings", "FOUNDRY_LOG_LEVEL": "ERROR"}
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        _measure()


def _measure() -> None:
    items = _sequences(ITEMS)
    client = _client()
    print(f"\nPlatform: {ITEMS:,} sequences of {LENGTH:,} bases, {CORES} cores")
    with _worker(), _pool() as pool:
        warm_up = _sequences(CORES * _job_items())  # every slot is up and has imported all
        _computed(client, _submit(client, warm_up)[0])
        _bare(pool, warm_up)
        rounds = [_round(client, pool, items) for _ in range(ROUNDS)]
    accepted, platform, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    overhead = statistics.median(round_[1] / round_[2] for round_ in rounds) - 1
    plain = _plain_view(items)
    _row("accepted in", f"{accepted:.2f} s", f"under {ACCEPT_GOAL_S:.0f} s", accepted < ACCEPT_GOAL_S)
    _row("  a plain view: parse, validate, one insert", f"{plain:.2f} s", "", None)
    _row("computed and stored in", f"{platform:.2f} s", "", None)
    _row("  the computation alone, in a process pool", f"{bare:.2f} s", "", None)
    _row("overhead of the platform", f"{overhead:.0%}", f"under {OVERHEAD_GOAL:.0%}", overhead < OVERHEAD_GOAL)


def _round(client: Any, pool: Pool, items: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """Seconds to accept the items, to compute and store them, and to compute them alone."""
    request, accepted = _submit(client, items)
    return accepted, _computed(client, request), _bare(pool, items)


def _row(what: str, figure: str, goal: str, holds: bool | None) -> None:
    verdict = {True: "ok", False: "MISSED", None: ""}[holds]
    print(f"  {what:<46} {figure:>9}   {goal:<14} {verdict}")


def _sequences(count: int) -> list[dict[str, Any]]:
    dice = random.Random(count)
    return [{"sequence": "".join(dice.choices("ACGT", k=LENGTH)), "topology": "linear"} for _ in range(count)]


def _client() -> Any:
    from django.test import Client

    from foundry.accounts import tokens
    from foundry.accounts.caller import account

    user, team = account("bench")
    _, secret = tokens.create(user=user, team=team, name="bench")
    return Client(headers={"authorization": f"Bearer {secret}", "host": "localhost"})


def _submit(client: Any, items: Sequence[dict[str, Any]]) -> tuple[str, float]:
    """The request's address, and the seconds from its body's first byte to the answer."""
    body = json.dumps({"service": "compute-dna", "items": items})
    started = time.perf_counter()
    answer = client.post("/api/v1/requests", body, content_type="application/json")
    seconds = time.perf_counter() - started
    assert answer.status_code == 202, answer.content
    return answer.json()["links"]["self"].removeprefix("http://localhost"), seconds


#: Nothing until the request has ended; then the seconds since its first claim.
_ENDED = """
SELECT extract(epoch FROM clock_timestamp() - min(claimed_at))::float8 FROM core_job
WHERE request_id = %s HAVING bool_and(finished_at IS NOT NULL)
"""


def _computed(client: Any, request: str) -> float:
    """Wait for the end. The seconds from the first claim until everybody sees all that was written."""
    from django.db import connection

    with connection.cursor() as cursor:
        while cursor.execute(_ENDED, [request.rsplit("/", 1)[1]]) or (ended := cursor.fetchone()) is None:
            time.sleep(0.02)
    shown = client.get(request).json()
    assert shown["state"] == "succeeded", shown
    return float(ended[0])


@contextmanager
def _worker() -> Iterator[None]:
    worker = subprocess.Popen([sys.executable, "manage.py", "worker", "--slots", str(CORES)])
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def _plain_view(items: Sequence[dict[str, Any]]) -> float:
    """What any Django view would do: parse and validate the body, insert one row."""
    from django.db import connection

    from foundry import catalog

    item = catalog.get("compute-dna").item
    body = json.dumps({"items": items})
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain (body json)")
    started = time.perf_counter()
    for values in json.loads(body)["items"]:
        item.model_validate(values)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO plain VALUES (%s)", [body])
    return time.perf_counter() - started


@contextmanager
def _pool() -> Iterator[Pool]:
    with multiprocessing.get_context("spawn").Pool(CORES, _set_up) as pool:
        yield pool


def _bare(pool: Pool, items: Sequence[dict[str, Any]]) -> float:
    """The same jobs without the platform: the service's function in a pool, its results thrown away."""
    started = time.perf_counter()
    for _ in pool.imap_unordered(_compute, list(batched(items, _job_items(), strict=False))):
        pass
    return time.perf_counter() - started


def _job_items() -> int:
    """How many of the sequences are a job."""
    from foundry import catalog

    slicing = catalog.get("compute-dna").slicing
    return min(slicing.items, slicing.weight // LENGTH)


def _set_up() -> None:
    import django

    django.setup()


def _compute(items: Sequence[dict[str, Any]]) -> int:
    from foundry import catalog

    service = catalog.get("compute-dna")
    models = [service.item.model_validate(values) for values in items]
    return len(catalog.load(service.compute)(models, service.options()))


if __name__ == "__main__":
    main()
